"""A class that the step makes and uses."""


class Rounding:
    def apply(self, value):
        return round(value, 2)
