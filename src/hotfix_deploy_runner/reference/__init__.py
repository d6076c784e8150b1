"""The settings, told: as a page, as a JSON Schema, and as they are in force. Made from the models, nothing twice."""
