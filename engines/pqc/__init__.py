"""Post-quantum key encapsulation: keys stay here, shared secrets and messages come and go."""
