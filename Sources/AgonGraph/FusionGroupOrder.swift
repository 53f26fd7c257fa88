/// The order in which units run: as the graph was written, except that updates run as soon as they can, which frees
/// their gradients.
enum FusionGroupOrder {
    /// - Throws: `GraphError.invalid` when units wait for each other.
    static func order(fusion: Fusion, lowered: [LoweredGroup?]) throws -> [Int] {
        let count = lowered.count
        var producer: [Int: Int] = [:]
        for (index, unit) in lowered.enumerated() {
            for value in unit?.writes ?? [] { producer[value] = index }
        }
        var predecessors = [Set<Int>](repeating: [], count: count)
        var successors = [[Int]](repeating: [], count: count)
        for (index, unit) in lowered.enumerated() {
            guard let unit else { continue }
            var needs = Set(unit.reads.compactMap { producer[$0] })
            needs.formUnion(fusion.units[index].after.filter { lowered[$0] != nil })
            needs.remove(index)
            predecessors[index] = needs
            for need in needs { successors[need].append(index) }
        }
        let keys = lowered.indices.map { index -> Int in
            if lowered[index]?.isEager == true { return -1 }
            let unit = fusion.units[index]
            return max(unit.anchor ?? 0, unit.members.last ?? 0)
        }
        var ready = lowered.indices.filter { lowered[$0] != nil && predecessors[$0].isEmpty }
        var left = predecessors.map(\.count)
        var order: [Int] = []
        while !ready.isEmpty {
            let at = ready.indices.min { (keys[ready[$0]], ready[$0]) < (keys[ready[$1]], ready[$1]) } ?? 0
            let next = ready.remove(at: at)
            order.append(next)
            for successor in successors[next] {
                left[successor] -= 1
                if left[successor] == 0 { ready.append(successor) }
            }
        }
        guard order.count == lowered.count(where: { $0 != nil }) else {
            throw GraphError.invalid(node: 0, operation: "order", problem: "units wait for each other")
        }
        return order
    }
}
