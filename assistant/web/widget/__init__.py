"""The widget: the custom element `<gms-assistant>` for other sites."""
