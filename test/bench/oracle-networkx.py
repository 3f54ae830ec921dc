"""The maximum circulation by NetworkX's network simplex; input and output are those of oracle-lemon.cc."""

import sys
import time

import networkx

nodes, arcs = map(int, sys.stdin.readline().split())
debts = [tuple(map(int, line.split())) for line in sys.stdin]
assert len(debts) == arcs
start = time.perf_counter()
graph = networkx.MultiDiGraph()
graph.add_nodes_from(range(nodes), demand=0)
for debtor, creditor, amount in debts:
    graph.add_edge(debtor, creditor, capacity=amount, weight=-1)
cost, _ = networkx.network_simplex(graph)
print(-cost, round((time.perf_counter() - start) * 1000))
