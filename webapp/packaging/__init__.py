"""The app as an appliance: archives that install without a network, services, a container."""
