"""Measurements that are run by hand; the tests next door assert no times."""
