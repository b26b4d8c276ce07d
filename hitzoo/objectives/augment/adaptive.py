"""The strength of an augmentation that follows the discriminator's overfitting.

Source: Karras et al. 2020 ("Training Generative Adversarial Networks with Limited Data"), section 3: r_t, the mean sign
of D at real images, is 1 where it knows each of them by heart and 0 where it does not know them from generated ones.
"""

from __future__ import annotations

from dataclasses import dataclass

INTERVAL = 4  # steps from one change to the next


@dataclass
class AdaptiveStrength:
    """The strength p, and the signs of D at real images since it changed last; all of it is a checkpoint's.

    Every fourth step p rises if r_t is above the `target`, and falls if it is below it, so fast that it goes from 0 to
    1 in `images` real images. In several processes p is the same: what it follows are whole numbers of all of them.
    """

    target: float
    images: int
    p: float = 0.0
    signs: float = 0.0
    judged: int = 0

    def after(self, step: int, signs: float, judged: int) -> None:
        """Take in a step, from 1, in which so many real images were `judged`, with this sum of their logits' signs."""
        self.signs += signs
        self.judged += judged
        if step % INTERVAL or not self.judged:
            return
        overfitting = self.signs / self.judged  # r_t
        direction = (overfitting > self.target) - (overfitting < self.target)
        self.p = min(max(self.p + direction * self.judged / self.images, 0.0), 1.0)
        self.signs, self.judged = 0.0, 0

    @property
    def numbers(self) -> dict[str, float]:
        """What is to be saved."""
        return {"p": self.p, "signs": self.signs, "judged": self.judged}

    def restore(self, numbers: dict[str, float]) -> None:
        """Go on from what was saved.

        Raises:
            ValueError: it is not that.
        """
        try:
            p, signs, judged = (float(numbers[name]) for name in ("p", "signs", "judged"))
        except (KeyError, TypeError) as error:
            raise ValueError("it does not hold p, signs and judged of the augmentation") from error
        if not (0 <= p <= 1 and abs(signs) <= judged < 1 << 53 and judged == int(judged)):
            raise ValueError("the augmentation's numbers cannot be a run's")
        self.p, self.signs, self.judged = p, signs, int(judged)
