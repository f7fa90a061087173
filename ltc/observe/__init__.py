"""What operators see of a running LTC: logs without personal data, figures for Prometheus, signs of life."""
