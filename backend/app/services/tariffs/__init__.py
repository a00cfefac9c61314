"""Price sources, one file each: what a house's document may name. A file in this folder is all it takes."""

from importlib import import_module
from pkgutil import iter_modules

for found in iter_modules(__path__):
    import_module(f"{__name__}.{found.name}")
