"""Program and trace joined as one dependence graph; every edge says how it is known."""

from thruway.graph.build import build_graph
from thruway.graph.reach import Reach
from thruway.graph.types import Edge, Graph, Node

__all__ = ["Edge", "Graph", "Node", "Reach", "build_graph"]
