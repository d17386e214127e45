"""What `manage.py bench_delivery` measures with: meters, the ways of sending it compares, and the stages of ours."""
