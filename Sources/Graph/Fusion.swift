import CKernels
import Tensors

/// What runs as one: a heavy operation with the elementwise work on its output, or elementwise work alone.
final class Unit {
    /// A matrix product, convolution or other operation with a kernel of its own.
    var anchor: Int?
    /// Elementwise operations and sums, in order.
    var members: [Int] = []
    /// The full shape of the elementwise work.
    var domain: Domain?
    /// Units that must end before this one, apart from what values say: readers of what this one overwrites.
    var after: Set<Int> = []

    init(anchor: Int? = nil) { self.anchor = anchor }
}

/// Gathers elementwise operations and sums into units, each one pass over memory; products take the work on their
/// output along while it is in the cache.
struct Fusion {
    let nodes: [Node]
    /// The value each value's memory belongs to, and where in it (reshapes and slices of the first axis share memory).
    let roots: [(root: Int, offset: Int)]
    private(set) var units: [Unit] = []
    private(set) var unitOf: [Int?]
    private var readers: [Int: [Int]] = [:]  // units by the full value they read
    private var variableReaders: [VariableID: Set<Int>] = [:]

    private static let maximumMembers = 24
    private static let maximumOperands = 14

    init(_ nodes: [Node]) {
        self.nodes = nodes
        var roots: [(root: Int, offset: Int)] = []
        for node in nodes {
            switch node.operation {
            case .reshape:
                roots.append(roots[node.inputs[0].index])
            case .slice(axis: 0, let start, _):
                let source = node.inputs[0]
                let inner = source.shape.count / max(source.shape[0], 1)
                let base = roots[source.index]
                roots.append((base.root, base.offset + start * inner))
            default:
                roots.append((node.output.index, 0))
            }
        }
        self.roots = roots
        unitOf = [Int?](repeating: nil, count: nodes.count)
        for index in nodes.indices { place(index) }
    }

    /// Whether a node needs no work of its own.
    static func isFree(_ operation: Operation) -> Bool {
        switch operation {
        case .variable, .input, .constant, .reshape, .slice(axis: 0, _, _): true
        default: false
        }
    }

    /// The domain in which the node is elementwise work; nil when it has a kernel of its own.
    private func domain(of node: Node) -> Domain? {
        switch node.operation {
        case .unary, .binary, .random: return Domain(node.output.shape)
        case .broadcast:
            let domain = Domain(node.output.shape)
            return domain.operandKind(node.inputs[0].shape) == nil ? nil : domain
        case .sum(let target):
            let domain = Domain(node.inputs[0].shape)
            return domain.sumKind(target) == nil ? nil : domain
        case .moments, .rowMaximum: return Domain(node.inputs[0].shape)
        default: return nil
        }
    }

    private mutating func place(_ index: Int) {
        let node = nodes[index]
        if Fusion.isFree(node.operation) { return }
        guard let domain = domain(of: node) else {
            add(Unit(anchor: index), index)
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
            return
        }
        let unit = Unit()
        unit.domain = domain
        add(unit, index)
        unit.members.append(index)
    }

    private mutating func add(_ unit: Unit, _ index: Int) {
        units.append(unit)
        unitOf[index] = units.count - 1
        note(index, units.count - 1)
    }

    private mutating func join(_ index: Int, _ unit: Int, _ domain: Domain) {
        units[unit].domain = domain
        units[unit].members.append(index)
        unitOf[index] = unit
        note(index, unit)
    }

    /// Keeps track of who reads what, for siblings and for variables that are overwritten later.
    private mutating func note(_ index: Int, _ unit: Int) {
        for input in nodes[index].inputs {
            readers[input.index, default: []].append(unit)
            if case .variable(let id) = nodes[roots[input.index].root].operation {
                variableReaders[id, default: []].insert(unit)
            }
            if let id = nodes[roots[input.index].root].operation.writtenVariable {
                variableReaders[id, default: []].insert(unit)
            }
        }
        if let id = nodes[index].operation.writtenVariable {
            units[unit].after = (variableReaders[id] ?? []).subtracting([unit])
            // The next write waits for this one, though nothing may have read it.
            variableReaders[id] = [unit]
        }
    }

    private func isSum(_ operation: Operation) -> Bool {
        switch operation {
        case .sum, .moments, .rowMaximum: true
        default: false
        }
    }

    private func fits(_ node: Node, _ domain: Domain, _ index: Int) -> Bool {
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
        let inside = Set(unit.members)
        var outside = Set<Int>()
        for member in unit.members {
            for input in nodes[member].inputs where !inside.contains(input.index) { outside.insert(input.index) }
        }
        for input in node.inputs where !inside.contains(input.index) && input.index != unit.anchor {
            outside.insert(input.index)
        }
        guard outside.count <= Fusion.maximumOperands else { return false }
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

    /// Whether elementwise work on the output can run in the kernel's own blocks.
    var takesEpilogue: Bool {
        switch self {
        case .matmul, .convolution, .convolutionInputGradient: true
        default: false
        }
    }
}
