"""Colour maths against published values."""

import numpy as np
import pytest

from lichtbild import color

# Sharma, Wu, Dalal, "The CIEDE2000 color-difference formula", Color Res. Appl. 30 (2005), table 1.
SHARMA = [
    (50.0000, 2.6772, -79.7751, 50.0000, 0.0000, -82.7485, 2.0425),
    (50.0000, 3.1571, -77.2803, 50.0000, 0.0000, -82.7485, 2.8615),
    (50.0000, 2.8361, -74.0200, 50.0000, 0.0000, -82.7485, 3.4412),
    (50.0000, -1.3802, -84.2814, 50.0000, 0.0000, -82.7485, 1.0000),
    (50.0000, -1.1848, -84.8006, 50.0000, 0.0000, -82.7485, 1.0000),
    (50.0000, -0.9009, -85.5211, 50.0000, 0.0000, -82.7485, 1.0000),
    (50.0000, 0.0000, 0.0000, 50.0000, -1.0000, 2.0000, 2.3669),
    (50.0000, -1.0000, 2.0000, 50.0000, 0.0000, 0.0000, 2.3669),
    (50.0000, 2.4900, -0.0010, 50.0000, -2.4900, 0.0009, 7.1792),
    (50.0000, 2.4900, -0.0010, 50.0000, -2.4900, 0.0010, 7.1792),
    (50.0000, 2.4900, -0.0010, 50.0000, -2.4900, 0.0011, 7.2195),
    (50.0000, 2.4900, -0.0010, 50.0000, -2.4900, 0.0012, 7.2195),
    (50.0000, -0.0010, 2.4900, 50.0000, 0.0009, -2.4900, 4.8045),
    (50.0000, -0.0010, 2.4900, 50.0000, 0.0010, -2.4900, 4.8045),
    (50.0000, -0.0010, 2.4900, 50.0000, 0.0011, -2.4900, 4.7461),
    (50.0000, 2.5000, 0.0000, 50.0000, 0.0000, -2.5000, 4.3065),
    (50.0000, 2.5000, 0.0000, 73.0000, 25.0000, -18.0000, 27.1492),
    (50.0000, 2.5000, 0.0000, 61.0000, -5.0000, 29.0000, 22.8977),
    (50.0000, 2.5000, 0.0000, 56.0000, -27.0000, -3.0000, 31.9030),
    (50.0000, 2.5000, 0.0000, 58.0000, 24.0000, 15.0000, 19.4535),
    (50.0000, 2.5000, 0.0000, 50.0000, 3.1736, 0.5854, 1.0000),
    (50.0000, 2.5000, 0.0000, 50.0000, 3.2972, 0.0000, 1.0000),
    (50.0000, 2.5000, 0.0000, 50.0000, 1.8634, 0.5757, 1.0000),
    (50.0000, 2.5000, 0.0000, 50.0000, 3.2592, 0.3350, 1.0000),
    (60.2574, -34.0099, 36.2677, 60.4626, -34.1751, 39.4387, 1.2644),
    (63.0109, -31.0961, -5.8663, 62.8187, -29.7946, -4.0864, 1.2630),
    (61.2901, 3.7196, -5.3901, 61.4292, 2.2480, -4.9620, 1.8731),
    (35.0831, -44.1164, 3.7933, 35.0232, -40.0716, 1.5901, 1.8645),
    (22.7233, 20.0904, -46.6940, 23.0331, 14.9730, -42.5619, 2.0373),
    (36.4612, 47.8580, 18.3852, 36.2715, 50.5065, 21.2231, 1.4146),
    (90.8027, -2.0831, 1.4410, 91.1528, -1.6435, 0.0447, 1.4441),
    (90.9257, -0.5406, -0.9208, 88.6381, -0.8985, -0.7239, 1.5381),
    (6.7747, -0.2908, -2.4247, 5.8714, -0.0985, -2.2286, 0.6377),
    (2.0776, 0.0795, -1.1350, 0.9033, -0.0636, -0.5514, 0.9082),
]


def test_ciede2000_gives_sharmas_published_differences() -> None:
    table = np.array(SHARMA)
    np.testing.assert_allclose(color.delta_e_2000(table[:, :3], table[:, 3:6]), table[:, 6], atol=5.1e-5)
    np.testing.assert_allclose(color.delta_e_2000(table[:, 3:6], table[:, :3]), table[:, 6], atol=5.1e-5)


@pytest.mark.parametrize(
    ("space", "published"),
    [  # IEC 61966-2-1; SMPTE EG 432-1 with D65; ITU-R BT.2087
        ("srgb", [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]),
        ("p3", [[0.4866, 0.2657, 0.1982], [0.2290, 0.6917, 0.0793], [0.0000, 0.0451, 1.0439]]),
        ("rec2020", [[0.6370, 0.1446, 0.1689], [0.2627, 0.6780, 0.0593], [0.0000, 0.0281, 1.0610]]),
    ],
)
def test_spaces_have_their_published_matrices(space: str, published: list[list[float]]) -> None:
    np.testing.assert_allclose(color.rgb_to_xyz(space), published, atol=6e-5)
    np.testing.assert_allclose(color.xyz_to_rgb(space) @ color.xyz_from_xy(color.D65), 1.0, atol=1e-12)
    np.testing.assert_allclose(color.luminance(space).sum(), 1.0, atol=1e-12)


def test_srgb_to_rec2020_as_bt2087_publishes_it() -> None:
    published = [[0.6274, 0.3293, 0.0433], [0.0691, 0.9195, 0.0114], [0.0164, 0.0880, 0.8956]]
    np.testing.assert_allclose(color.convert("srgb", "rec2020"), published, atol=6e-5)


def test_bradford_maps_white_to_white_and_has_the_published_matrix() -> None:
    # Lindbloom, "Chromatic Adaptation", D65 to D50.
    published = [[1.0478, 0.0229, -0.0501], [0.0295, 0.9905, -0.0170], [-0.0092, 0.0150, 0.7521]]
    matrix = color.adaptation(color.D65, color.D50)
    np.testing.assert_allclose(matrix, published, atol=3e-4)
    np.testing.assert_allclose(matrix @ color.xyz_from_xy(color.D65), color.xyz_from_xy(color.D50), atol=1e-12)


@pytest.mark.parametrize(
    ("xy", "kelvin", "slack"),
    [  # CIE 15: illuminants A, D50, D55, D65, D75
        ((0.44757, 0.40745), 2856, 5),
        ((0.34567, 0.35850), 5003, 5),
        ((0.33242, 0.34743), 5503, 6),
        ((0.31272, 0.32903), 6504, 8),
        ((0.29902, 0.31485), 7504, 10),
    ],
)
def test_temperature_of_cie_illuminants(xy: tuple[float, float], kelvin: float, slack: float) -> None:
    assert abs(color.temperature_from_xy(xy)[0] - kelvin) < slack


def test_tint_is_positive_for_green_light_and_temperature_and_tint_return() -> None:
    x, y = color.xy_from_temperature(5000, 0)
    assert color.temperature_from_xy((x, y + 0.01))[1] > 10
    for kelvin in (1700, 2500, 4000, 5003, 6500, 9300, 15000, 24000):
        for tint in (-60, -10, 0, 25, 90):
            found = color.temperature_from_xy(color.xy_from_temperature(kelvin, tint))
            assert found[0] == pytest.approx(kelvin, rel=2e-3)
            assert found[1] == pytest.approx(tint, abs=0.3)
    # far from every light the answer is finite and inside the table
    assert 1600 < color.temperature_from_xy((0.7, 0.29))[0] < 1700


def test_daylight_locus_passes_d50_and_d65() -> None:
    np.testing.assert_allclose(color.daylight_xy(6504), color.D65, atol=2e-4)
    np.testing.assert_allclose(color.daylight_xy(5003), color.D50, atol=2e-4)


def test_lab_of_white_and_of_srgb_red() -> None:
    np.testing.assert_allclose(color.lab_from_xyz(color.xyz_from_xy(color.D50)), [100, 0, 0], atol=1e-9)
    red = color.adaptation(color.D65, color.D50) @ color.rgb_to_xyz("srgb") @ [1.0, 0.0, 0.0]
    np.testing.assert_allclose(color.lab_from_xyz(red), [54.29, 80.81, 69.89], atol=0.02)


def test_srgb_transfer_is_its_own_inverse() -> None:
    a = np.linspace(-0.2, 1.2, 101)
    np.testing.assert_allclose(color.decode_srgb(color.encode_srgb(a)), a, atol=1e-12)
    np.testing.assert_allclose(color.encode_srgb(0.18), 0.46135612, atol=1e-7)
