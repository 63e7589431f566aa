"""What `make bench` measures, and how: the site, the contenders, the figures, the report."""
