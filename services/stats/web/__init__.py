"""The doors of stats: wallboard, alarms, streams and their HTTP API."""
