"""Makes a basemap, a PMTiles file of vector tiles, of an OpenStreetMap extract: `onehall map make`."""
