"""The custom element `<gms-assistant>` for other sites."""
