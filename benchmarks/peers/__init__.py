"""The same works as a competent user of each peer would write them."""
