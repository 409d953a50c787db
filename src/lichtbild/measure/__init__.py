"""The lab: measurements of cameras and pictures. Each module is one measurement and names the standard it follows.

Nothing here is on the path of light; everything may be used from Python:

    from lichtbild.measure.sharpness import measure_sharpness

    print(measure_sharpness("photo.tif").mtf50)
"""
