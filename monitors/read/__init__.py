"""What the monitors ask of a loop's database: plain functions from a connection to values, no page in sight."""
