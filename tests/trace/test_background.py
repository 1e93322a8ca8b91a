"""The background rate: Gamma posteriors against values that can be worked out by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from honeytoken.trace.background import Background, gamma_cdf, gamma_quantile
from honeytoken.trace.rules import UNMEASURED_RATE


@pytest.mark.parametrize("x", [1e-6, 0.1, 1.0, 2.5, 9.0, 40.0])
def test_gamma_of_shape_one_is_the_exponential(x: float) -> None:
    assert gamma_cdf(1.0, x) == pytest.approx(-math.expm1(-x), rel=1e-12)


@pytest.mark.parametrize("x", [1e-6, 0.1, 1.0, 2.5, 9.0, 40.0])
def test_gamma_of_shape_one_half_is_the_error_function(x: float) -> None:
    """If Z is normal, Z²/2 ~ Gamma(1/2, 1), so P(<= x) = erf(sqrt(x))."""
    assert gamma_cdf(0.5, x) == pytest.approx(math.erf(math.sqrt(x)), rel=1e-12)


@pytest.mark.parametrize(("shape", "x"), [(3, 2.0), (12, 20.0), (200, 190.0)])
def test_gamma_of_whole_shape_is_a_poisson_tail(shape: int, x: float) -> None:
    """Gamma(n, 1) <= x exactly if a Poisson process of mean x has n points or more."""
    fewer = sum(math.exp(k * math.log(x) - x - math.lgamma(k + 1)) for k in range(shape))
    assert gamma_cdf(shape, x) == pytest.approx(1 - fewer, rel=1e-9)


@pytest.mark.parametrize("shape", [0.5, 1.0, 3.5, 40.5, 1000.5])
@pytest.mark.parametrize("probability", [0.0005, 0.025, 0.5, 0.975, 0.9995])
def test_the_quantile_undoes_the_distribution(shape: float, probability: float) -> None:
    assert gamma_cdf(shape, gamma_quantile(shape, probability)) == pytest.approx(probability)


def test_silent_controls_give_the_interval_of_a_chi_square() -> None:
    """No contact in 1000 days: Gamma(1/2, 1000) = chi²(1) / 2000.

    The table of chi²(1) has 0.000982069 at 2.5 % and 5.023886 at 97.5 %.
    """
    low, high = Background(controls=10, reached=0, contacts=0, days=1000).interval()
    assert low == pytest.approx(0.000982069 / 2000, rel=1e-5)
    assert high == pytest.approx(5.023886 / 2000, rel=1e-6)


def test_four_contacts_give_the_interval_of_a_chi_square() -> None:
    """4 contacts in 100 days: Gamma(9/2, 100) = chi²(9) / 200; chi²(9): 2.70039 and 19.02277."""
    low, high = Background(controls=4, reached=3, contacts=4, days=100).interval()
    assert (low, high) == pytest.approx((2.70039 / 200, 19.02277 / 200), rel=1e-5)


def test_without_controls_the_background_is_high_and_wide_not_zero() -> None:
    nothing = Background(controls=0, reached=0, contacts=0, days=0)
    low, high = nothing.interval()
    assert nothing.rate == pytest.approx(UNMEASURED_RATE)
    assert high / low > 1000


def test_few_controls_predict_silence_as_the_negative_binomial_does() -> None:
    """P(a number stays silent for T days) = (E / (E + T))^(n + 1/2) under Gamma(n + 1/2, E).

    n = 2, E = 300, T = 60: (300/360)^2.5 = 0.63394. The nodes may miss it by a little.
    """
    rates, weights = Background(controls=4, reached=2, contacts=2, days=300).nodes()
    assert np.exp(weights).sum() == pytest.approx(1)
    assert float(np.exp(weights) @ np.exp(-rates * 60)) == pytest.approx(0.63394, abs=0.01)
