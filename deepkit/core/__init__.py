"""Ground floor: errors, settings, dtypes, shapes, trees, names, registry and object formats."""
