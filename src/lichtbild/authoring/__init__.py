"""How looks are made: begun, fitted to pictures, checked, previewed and exported. Nothing here renders a photograph."""
