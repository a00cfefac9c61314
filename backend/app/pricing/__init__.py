"""From published prices to what buying and selling costs in each planning slot."""
