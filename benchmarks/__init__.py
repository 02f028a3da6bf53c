"""Ceteris and its peers at the same work, measured in one run. README.md says how."""
