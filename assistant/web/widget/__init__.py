"""The widget, a custom element `<gms-assistant>` that other sites can embed."""
