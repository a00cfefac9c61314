"""Every table there is: whoever compares or makes a schema reads it here."""

from app.storage import device_models, models, site_models
from app.storage.table import Base

__all__ = ["Base", "device_models", "models", "site_models"]
