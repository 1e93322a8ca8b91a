"""How often strangers ring: the posterior of the background rate, from controls alone.

Model: unsolicited contacts reach a number as a Poisson process with rate lambda per day. With
``n`` contacts on controls over ``E`` number-days, ``lambda | data ~ Gamma(n + 1/2, E)`` (Jeffreys).
Pure arithmetic: the incomplete gamma function is computed here, because scipy is not a dependency.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .rules import ENOUGH_DAYS

#: Points of the integration over the rate.
NODES = 7

_TINY = 1e-300


def gamma_cdf(shape: float, x: float) -> float:
    """Return P(X <= *x*) for X ~ Gamma(*shape*, 1): the regularised lower incomplete gamma.

    Series below ``shape + 1``, continued fraction (modified Lentz) above; about 14 digits.

    Source: Abramowitz and Stegun 6.5.29 and 6.5.31.
    """
    if x <= 0:
        return 0.0
    scale = math.exp(shape * math.log(x) - x - math.lgamma(shape))
    if x < shape + 1:
        term = total = 1 / shape
        step = shape
        while abs(term) > abs(total) * 1e-16:
            step += 1
            term *= x / step
            total += term
        return min(1.0, total * scale)
    b = x + 1 - shape
    c = 1 / _TINY
    d = 1 / b
    fraction = d
    for i in range(1, 100_000):
        a = -i * (i - shape)
        b += 2
        d = 1 / (_nonzero(a * d + b))
        c = _nonzero(b + a / c)
        fraction *= d * c
        if abs(d * c - 1) < 1e-15:
            break
    return max(0.0, 1 - scale * fraction)


def _nonzero(value: float) -> float:
    return value if abs(value) > _TINY else _TINY


def gamma_quantile(shape: float, probability: float) -> float:
    """Return x with ``gamma_cdf(shape, x) == probability`` by bisection (relative error 1e-12).

    Args:
        shape: greater than 0.
        probability: strictly between 0 and 1.
    """
    low, high = 0.0, shape + 1
    while gamma_cdf(shape, high) < probability:
        low, high = high, high * 2
    for _ in range(200):
        middle = (low + high) / 2
        if gamma_cdf(shape, middle) < probability:
            low = middle
        else:
            high = middle
        if high - low <= 1e-13 * high:
            break
    return (low + high) / 2


@dataclass(frozen=True, slots=True)
class Background:
    """What the controls say about the background."""

    #: Controls that listened at all.
    controls: int
    #: How many of them anybody reached.
    reached: int
    #: Contacts on them, one per campaign and control.
    contacts: int
    #: Their exposure in number-days.
    days: float

    @property
    def shape(self) -> float:
        """First parameter of the Gamma posterior."""
        return self.contacts + 0.5

    @property
    def exposure(self) -> float:
        """Second parameter: number-days listened to.

        With less than :data:`ENOUGH_DAYS`, those: a prior so wide and high that nothing is proven
        by it, with the mean ``rules.UNMEASURED_RATE`` if nobody rang.
        """
        return max(self.days, ENOUGH_DAYS)

    @property
    def measured(self) -> bool:
        """Tell whether the controls have listened long enough to say anything."""
        return self.days >= ENOUGH_DAYS

    @property
    def rate(self) -> float:
        """Mean of the posterior, contacts per number and day."""
        return self.shape / self.exposure

    def interval(self, share: float = 0.95) -> tuple[float, float]:
        """Return the rates between which the true one lies with probability *share*."""
        tail = (1 - share) / 2
        return (
            gamma_quantile(self.shape, tail) / self.exposure,
            gamma_quantile(self.shape, 1 - tail) / self.exposure,
        )

    def nodes(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return rates and the logarithm of their weights, over which inference averages.

        The nodes are spread evenly in logarithm, each with the Gamma mass nearest to it. For one
        number this is the negative binomial predictive; for many it also keeps in mind that they
        share one rate, and lets the planted numbers' own silence speak about it.
        """
        high = gamma_quantile(self.shape, 0.9995)
        low = max(gamma_quantile(self.shape, 0.0005), self.shape * 1e-3)
        rates = np.exp(np.linspace(math.log(low), math.log(high), NODES))
        edges = np.sqrt(rates[1:] * rates[:-1])
        below = np.array([0.0, *(gamma_cdf(self.shape, float(edge)) for edge in edges), 1.0])
        weights = np.maximum(np.diff(below), 1e-12)
        return rates / self.exposure, np.log(weights / weights.sum())
