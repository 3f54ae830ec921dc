// The maximum circulation by LEMON's network simplex: "nodes arcs", then "debtor creditor amount" a line, on stdin;
// what it clears, and its milliseconds from the list of arcs in memory to the optimum, on stdout.

#include <chrono>
#include <cstdio>
#include <lemon/network_simplex.h>
#include <lemon/smart_graph.h>
#include <vector>

struct Debt {
  int debtor, creditor;
  long long amount;
};

int main() {
  int nodes, arcs;
  if (scanf("%d %d", &nodes, &arcs) != 2) return 2;
  std::vector<Debt> debts(arcs);
  for (Debt &debt : debts) {
    if (scanf("%d %d %lld", &debt.debtor, &debt.creditor, &debt.amount) != 3) return 2;
  }
  const auto start = std::chrono::steady_clock::now();
  lemon::SmartDigraph graph;
  graph.reserveNode(nodes);
  graph.reserveArc(arcs);
  for (int i = 0; i < nodes; i++) graph.addNode();
  lemon::SmartDigraph::ArcMap<long long> capacity(graph), cost(graph);
  for (const Debt &debt : debts) {
    const auto arc = graph.addArc(graph.nodeFromId(debt.debtor), graph.nodeFromId(debt.creditor));
    capacity[arc] = debt.amount;
    cost[arc] = -1;
  }
  lemon::NetworkSimplex<lemon::SmartDigraph, long long, long long> simplex(graph);
  simplex.upperMap(capacity).costMap(cost);
  if (simplex.run() != simplex.OPTIMAL) return 3;
  const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - start;
  printf("%lld %.0f\n", -simplex.totalCost(), took.count());
}
