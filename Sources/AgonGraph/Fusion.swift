import CAgonKernels

/// A unit of execution: a heavy operation with elementwise work on its output, or elementwise work alone.
final class FusionGroup {
    /// A matrix product, convolution or other operation with its own kernel.
    var anchor: Int?
    /// Elementwise operations and sums, in order.
    var members: [Int] = []
    /// The full shape of the elementwise work.
    var domain: IterationSpace?
    /// Units that must end before this one beyond data dependencies: readers of values that it overwrites.
    var after: Set<Int> = []

    init(anchor: Int? = nil) { self.anchor = anchor }
}

/// Groups elementwise operations and sums into units, each one pass over memory; products include the work on their
/// output while it is in the cache.
struct Fusion {
    let nodes: [Node]
    let roots: MemoryPlaces
    /// Values computed in the memory of variables.
    let holders: [Int: VariableID]
    private(set) var units: [FusionGroup] = []
    private(set) var unitOf: [Int?]
    private var readers: [Int: [Int]] = [:]  // units by the full value they read
    private var readingNodes: [[Int]]  // nodes by the value they read
    private var variableReaders: [VariableID: Set<Int>] = [:]

    private static let maximumMembers = 24
    private static let maximumOperands = 14

    /// - Parameter holders: the variables in whose memory values are computed, by the values' indices.
    init(_ nodes: [Node], holders: [Int: VariableID] = [:]) {
        self.nodes = nodes
        self.holders = holders
        roots = MemoryPlaces(nodes)
        unitOf = [Int?](repeating: nil, count: nodes.count)
        readingNodes = [[Int]](repeating: [], count: nodes.count)
        for node in nodes { for input in node.inputs { readingNodes[input.index].append(node.output.index) } }
        for index in nodes.indices { place(index) }
    }

    /// The variable whose memory the output of a node is, read or written.
    func heldVariable(_ index: Int) -> VariableID? { nodes[index].operation.heldVariable ?? holders[index] }

    /// The variable that a node writes.
    private func writtenVariable(_ index: Int) -> VariableID? {
        nodes[index].operation.writtenVariable ?? holders[index]
    }

    /// Whether a node needs no computation.
    static func isFree(_ operation: Operation) -> Bool {
        switch operation {
        case .variable, .input, .constant, .reshape, .slice(axis: 0, _, _): true
        default: false
        }
    }

    /// The domain in which the node is elementwise; nil if it has its own kernel.
    private func domain(of node: Node) -> IterationSpace? {
        switch node.operation {
        case .unary, .binary, .random: return IterationSpace(node.output.shape)
        case .broadcast:
            let domain = IterationSpace(node.output.shape)
            return domain.operandKind(node.inputs[0].shape) == nil ? nil : domain
        case .sum(let target):
            let domain = IterationSpace(node.inputs[0].shape)
            return domain.sumKind(target) == nil ? nil : domain
        case .moments, .rowMaximum: return IterationSpace(node.inputs[0].shape)
        default: return nil
        }
    }

    private mutating func place(_ index: Int) {
        let node = nodes[index]
        if Fusion.isFree(node.operation) { return }
        guard let domain = domain(of: node) else {
            add(FusionGroup(anchor: index), index)
            return
        }
        let full = node.inputs.filter { $0.shape == domain.shape }
        var candidates: [Int] = []
        for value in full {
            if let unit = unitOf[value.index] { candidates.append(unit) }
            candidates += readers[value.index] ?? []
        }
        for unit in Set(candidates).sorted(by: >) where fits(node, domain, unit) {
            join(index, unit, domain)
            for value in full { if let other = unitOf[value.index], other != unit { merge(other, into: unit) } }
            return
        }
        let unit = FusionGroup()
        unit.domain = domain
        add(unit, index)
        unit.members.append(index)
    }

    private mutating func add(_ unit: FusionGroup, _ index: Int) {
        units.append(unit)
        unitOf[index] = units.count - 1
        note(index, units.count - 1)
    }

    private mutating func join(_ index: Int, _ unit: Int, _ domain: IterationSpace) {
        units[unit].domain = domain
        units[unit].members.append(index)
        unitOf[index] = unit
        note(index, unit)
    }

    /// Absorbs another unit's elementwise work if only this unit uses it, such as branches of a sum of products.
    private mutating func merge(_ other: Int, into unit: Int) {
        let (work, whole) = (units[other], units[unit])
        let members = (work.members + whole.members).sorted()
        let inside = Set(members)
        guard work.anchor == nil, whole.anchor == nil, work.domain == whole.domain,
            members.count <= Fusion.maximumMembers,
            work.members.allSatisfy({ member in
                nodes[member].output.shape == work.domain?.shape && !isSum(nodes[member].operation)
                    && holders[member] == nil && readingNodes[member].allSatisfy(inside.contains)
            }),
            outsideValues(of: members).count <= Fusion.maximumOperands
        else { return }
        // A variable that the unit overwrites is read by the same elements.
        let written = members.compactMap { holders[$0] }
        for id in written where work.members.contains(where: { !readsByElement(id, $0) }) { return }
        for dependency in dependencies(of: unit) where dependency != other && reaches(dependency, other) { return }
        let moved = work.members
        whole.members = members
        whole.after.formUnion(work.after)
        work.members = []
        work.after = []
        for member in moved {
            unitOf[member] = unit
            for input in nodes[member].inputs {
                readers[input.index] = readers[input.index]?.map { $0 == other ? unit : $0 }
                guard let id = heldVariable(roots[input.index].root) else { continue }
                if variableReaders[id]?.remove(other) != nil { variableReaders[id]?.insert(unit) }
                for later in units where later.after.remove(other) != nil { later.after.insert(unit) }
            }
        }
        whole.after.remove(unit)
    }

    /// Tracks readers of values, for siblings and for variables that are overwritten later.
    private mutating func note(_ index: Int, _ unit: Int) {
        for input in nodes[index].inputs {
            readers[input.index, default: []].append(unit)
            if let id = heldVariable(roots[input.index].root) { variableReaders[id, default: []].insert(unit) }
        }
        if let id = writtenVariable(index) {
            units[unit].after.formUnion((variableReaders[id] ?? []).subtracting([unit]))
            // The next write waits for this one, even if nothing has read it.
            variableReaders[id] = [unit]
        }
    }

    private func isSum(_ operation: Operation) -> Bool {
        switch operation {
        case .sum, .moments, .rowMaximum: true
        default: false
        }
    }

    private func fits(_ node: Node, _ domain: IterationSpace, _ index: Int) -> Bool {
        let unit = units[index]
        if let anchor = unit.anchor {
            guard nodes[anchor].operation.takesEpilogue, nodes[anchor].output.shape == domain.shape else {
                return false
            }
            // Windows of products do not hold whole samples.
            if case .sum(let target) = node.operation {
                let kind = domain.sumKind(target)
                guard kind == AGON_RESULT_CHANNEL_SUM || kind == AGON_RESULT_SCALAR_SUM else { return false }
            }
            if case .rowMaximum = node.operation { return false }
            // Work that does not touch the product's output gains nothing from it.
            guard node.inputs.contains(where: { unitOf[$0.index] == index }) else { return false }
        }
        if let own = unit.domain, own != domain { return false }
        guard unit.members.count < Fusion.maximumMembers else { return false }
        let operands = outsideValues(of: unit.members + [node.output.index])
        guard operands.count <= Fusion.maximumOperands else { return false }
        if let id = holders[node.output.index], !mayOverwrite(id, index, domain) { return false }
        for input in node.inputs {
            let root = roots[input.index].root
            guard let producer = unitOf[root] else { continue }
            if producer == index {
                // Only full values made inside can be read inside, not sums or reshaped values.
                guard root == input.index, input.shape == domain.shape, !isSum(nodes[root].operation) else {
                    return false
                }
            } else if reaches(producer, index) {
                return false
            }
        }
        return true
    }

    /// Whether a unit can overwrite a variable element by element: no other reader of the old value waits for
    /// the unit, and the unit itself reads it by the same elements and writes it once.
    private func mayOverwrite(_ id: VariableID, _ index: Int, _ domain: IterationSpace) -> Bool {
        let unit = units[index]
        if unit.members.contains(where: { holders[$0] == id }) { return false }
        let anchored = unit.anchor.map { nodes[$0].inputs } ?? []
        if anchored.contains(where: { heldVariable(roots[$0.index].root) == id }) { return false }
        if unit.members.contains(where: { !readsByElement(id, $0) }) { return false }
        return !(variableReaders[id] ?? []).contains { $0 != index && reaches($0, index) }
    }

    /// Whether each element of a node depends only on the variable's element at the same position.
    private func readsByElement(_ id: VariableID, _ index: Int) -> Bool {
        let shape = units[unitOf[index] ?? 0].domain?.shape
        return nodes[index].inputs.allSatisfy { input in
            heldVariable(roots[input.index].root) != id || (input.shape == shape && roots[input.index].offset == 0)
        }
    }

    /// The values that nodes read but do not compute.
    private func outsideValues(of members: [Int]) -> Set<Int> {
        Set(members.flatMap { nodes[$0].inputs.map(\.index) }).subtracting(members)
    }

    /// Units whose results the unit reads.
    func dependencies(of unit: Int) -> Set<Int> {
        var found = units[unit].after
        for member in units[unit].members + (units[unit].anchor.map { [$0] } ?? []) {
            for input in nodes[member].inputs {
                if let producer = unitOf[roots[input.index].root], producer != unit { found.insert(producer) }
            }
        }
        return found
    }

    /// Whether `from` depends on `target`, directly or through others.
    private func reaches(_ from: Int, _ target: Int) -> Bool {
        var stack = [from]
        var seen = Set([from])
        while let unit = stack.popLast() {
            for dependency in dependencies(of: unit) {
                if dependency == target { return true }
                if seen.insert(dependency).inserted { stack.append(dependency) }
            }
        }
        return false
    }
}

extension Operation {
    /// The variable whose memory the operation's output is.
    var writtenVariable: VariableID? {
        switch self {
        case .assign(let id), .update(let id, _): id
        default: nil
        }
    }

    /// Whether elementwise work on the output can run in the kernel's blocks.
    var takesEpilogue: Bool {
        switch self {
        case .matmul, .convolution, .convolutionInputGradient: true
        case .filteredConvolution(let f): f.pass != .weightGradient
        default: false
        }
    }
}
