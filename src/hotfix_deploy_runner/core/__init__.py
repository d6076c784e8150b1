"""The pure part: no clock, file, network, process or log. Everything a person must trust is here."""
