"""The site document: everything that describes one house, as one validated JSON document. The only door is `SiteDocument`."""
