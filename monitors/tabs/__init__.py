"""The tabs of the monitors, one module each: `build(room)` lays it out and returns how it follows the loop."""
