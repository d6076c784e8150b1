"""The platforms that ship, a package each. They are plug-ins: nothing but their entry points imports them."""
