"""How the schema `casework` has come to be."""
