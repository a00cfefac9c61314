"""What really happened: flows, cost and savings of past slots. Pure: readings, prices and decisions in, records out."""
