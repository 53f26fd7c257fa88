import AgonTensors
import CAgonKernels

/// The elementwise work of a unit as a program for the interpreter.
struct Program {
    var domain: IterationSpace
    /// Values read, with their kinds; slot `i` holds operand `i`.
    var operands: [(value: Int, kind: agon_operand_kind)] = []
    var instructions: [agon_instruction] = []
    /// Results: stored or summed.
    var results: [Result] = []
    var slotCount = 0

    struct Result {
        let value: Int
        let slot: Int32
        let kind: agon_result_kind
        let partialOffset: Int
        /// The pivot of the sums of moments, for the first of two results; the second holds their squares.
        var pivot: Int?
    }

    /// Slots whose moments are computed. Sums of squares lose precision if the mean is far from zero, so each
    /// piece subtracts its first row from its rows first; pivots are operands that follow the others.
    var pivots: [Int32] = []

    /// Doubles that one piece's partial sums take.
    var partialWidth = 0

    /// The program over a line of elements, where no operand or result depends on rows and columns: then blocks are
    /// whole and follow each other in memory, however wide the rows are.
    var flattened: Program {
        guard operands.allSatisfy({ $0.kind == AGON_OPERAND_FULL || $0.kind == AGON_OPERAND_SCALAR }),
            results.allSatisfy({ $0.kind == AGON_RESULT_STORE || $0.kind == AGON_RESULT_SCALAR_SUM })
        else { return self }
        var program = self
        program.domain = IterationSpace(elements: domain.shape.count)
        return program
    }
}

/// Compiles units to programs: decides what is stored, what is recomputed, and where intermediate values live.
struct ProgramAssembly {
    let fusion: Fusion
    let outputs: Set<Int>
    private var nodes: [Node] { fusion.nodes }
    /// Full values that are always stored: products, outputs and state read them.
    private var stored: Set<Int> = []
    private(set) var randomStreams: [String] = []

    init(_ fusion: Fusion, outputs: [Value]) {
        self.fusion = fusion
        self.outputs = Set(outputs.map { fusion.roots[$0.index].root })
        stored = self.outputs.union(fusion.holders.keys)
        for unit in fusion.units {
            if let anchor = unit.anchor {
                for input in fusion.nodes[anchor].inputs { stored.insert(fusion.roots[input.index].root) }
            }
        }
    }

    /// The programs of all units; nil for a unit without elementwise work, or whose work is all done by others.
    mutating func assemble() -> [Program?] {
        // The operands that each unit reads after cheap values are recomputed at their uses.
        var operandsOf: [[Int]] = []
        var membersOf: [[Int]] = []
        for index in fusion.units.indices {
            let (members, operands) = expanded(index)
            membersOf.append(members)
            operandsOf.append(operands)
        }
        var needed = stored
        for (index, unit) in fusion.units.enumerated() where !unit.members.isEmpty {
            for operand in operandsOf[index] { needed.insert(fusion.roots[operand].root) }
        }
        // A unit with unused values makes its operands unused; one backward sweep suffices in practice,
        // and leftovers only cost time, never correctness.
        return fusion.units.indices.map { index in
            let unit = fusion.units[index]
            if unit.members.isEmpty { return nil }
            let results = unit.members.filter { needed.contains($0) }
            if results.isEmpty { return nil }
            return program(unit, members: membersOf[index], results: results)
        }
    }

    /// The unit's members with cheap outside values recomputed before their first use, and outside values still read.
    private func expanded(_ index: Int) -> (members: [Int], operands: [Int]) {
        let unit = fusion.units[index]
        var members: [Int] = []
        var present = Set<Int>()
        var operands: [Int] = []
        func visit(_ node: Int) {
            for input in nodes[node].inputs {
                let value = input.index
                if present.contains(value) || value == unit.anchor { continue }
                if fusion.unitOf[value] != index, recomputes(value, domain: unit.domain) {
                    visit(value)
                } else if fusion.unitOf[value] != index {
                    if !operands.contains(value) { operands.append(value) }
                    continue
                }
            }
            if present.insert(node).inserted { members.append(node) }
        }
        for member in unit.members { visit(member) }
        return (members, operands)
    }

    /// Whether reading a full value costs more than recomputing it from one other full value and small ones.
    private func recomputes(_ value: Int, domain: IterationSpace?) -> Bool {
        let node = nodes[value]
        guard let domain, node.output.shape == domain.shape, domain.shape.count > 1, !stored.contains(value) else {
            return false
        }
        switch node.operation {
        case .random(.bernoulli, _): return true
        case .unary(.affine), .unary(.leakyReLU), .unary(.step), .unary(.square), .unary(.sign):
            break
        case .binary(.add), .binary(.subtract), .binary(.multiply):
            break
        default: return false
        }
        var full = 0
        for input in node.inputs {
            let root = fusion.roots[input.index].root
            // A variable may have been updated by then.
            if fusion.heldVariable(root) != nil { return false }
            if input.shape == domain.shape {
                // Chains would need their first value kept; one level keeps lifetimes as they are.
                guard stored.contains(root) || isProduct(root) || nodes[root].operation.isInput else { return false }
                full += 1
            }
        }
        return full == 1
    }

    private func isProduct(_ value: Int) -> Bool {
        guard let unit = fusion.unitOf[value] else { return false }
        return fusion.units[unit].anchor == value
    }

    private mutating func program(_ unit: FusionGroup, members: [Int], results: [Int]) -> Program {
        let domain = unit.domain ?? IterationSpace(nodes[members[0]].output.shape)
        var program = Program(domain: domain)
        let live = neededMembers(members, results: results)
        let resultSet = Set(results)

        // Uses inside the program, to free slots and to join a product with the sum that takes it.
        var uses: [Int: Int] = [:]
        for member in live { for input in nodes[member].inputs { uses[input.index, default: 0] += 1 } }
        var absorbed: [Int: Int] = [:]  // sum -> product computed with it
        let liveSet = Set(live)
        for member in live {
            guard case .binary(.add) = nodes[member].operation else { continue }
            for input in nodes[member].inputs {
                if case .binary(.multiply) = nodes[input.index].operation, liveSet.contains(input.index),
                    uses[input.index] == 1, !resultSet.contains(input.index), input.shape == domain.shape
                {
                    absorbed[member] = input.index
                    break
                }
            }
        }
        let products = Set(absorbed.values)

        var slots: [Int: Int32] = [:]
        var operandIndex: [Int: Int32] = [:]
        func operandSlot(_ value: Value, _ program: inout Program) -> Int32 {
            if let slot = slots[value.index] { return slot }
            if let slot = operandIndex[value.index] { return slot }
            guard let kind = domain.operandKind(value.shape) else {
                preconditionFailure("operand \(value.shape) of a program over \(domain.shape)")
            }
            program.operands.append((value.index, kind))
            let slot = Int32(program.operands.count - 1)
            operandIndex[value.index] = slot
            return slot
        }
        // Operands first: their slots come before those of intermediate values.
        for member in live {
            for input in nodes[member].inputs where !liveSet.contains(input.index) { _ = operandSlot(input, &program) }
        }
        let pivotCount = live.count { nodes[$0].operation == .moments }
        var free: [Int32] = []
        var next = Int32(program.operands.count + pivotCount)
        func newSlot() -> Int32 {
            if let slot = free.popLast() { return slot }
            next += 1
            return next - 1
        }
        var left = uses
        func release(_ member: Int) {
            for input in nodes[member].inputs {
                if let product = absorbed[member], product == input.index {
                    release(product)
                    continue
                }
                guard let count = left[input.index] else { continue }
                left[input.index] = count - 1
                if count == 1, let slot = slots[input.index], !resultSet.contains(input.index), !pinned.contains(slot) {
                    free.append(slot)
                }
            }
        }
        var pinned = Set<Int32>()
        for member in live where !products.contains(member) {
            let node = nodes[member]
            func slot(_ at: Int) -> Int32 { at < node.inputs.count ? operandSlot(node.inputs[at], &program) : 0 }
            switch node.operation {
            case .sum(let target):
                let source = slot(0)
                pinned.insert(source)
                let kind = domain.sumKind(target) ?? AGON_RESULT_SCALAR_SUM
                let offset = program.partialWidth
                if kind == AGON_RESULT_CHANNEL_SUM { program.partialWidth += domain.channels }
                if kind == AGON_RESULT_SCALAR_SUM { program.partialWidth += 1 }
                program.results.append(
                    .init(value: member, slot: source, kind: kind, partialOffset: offset))
            case .rowMaximum:
                let source = slot(0)
                pinned.insert(source)
                program.results.append(
                    .init(value: member, slot: source, kind: AGON_RESULT_ROW_MAXIMUM, partialOffset: 0))
            case .moments:
                let source = slot(0)
                pinned.insert(source)
                let (shifted, squares) = (newSlot(), newSlot())
                pinned.formUnion([shifted, squares])
                let pivot = program.pivots.count
                program.pivots.append(source)
                program.instructions += [
                    agon_instruction(
                        opcode: Int32(AGON_SUBTRACT.rawValue), target: shifted, a: source,
                        b: Int32(program.operands.count + pivot), c: 0, p0: 0, p1: 0),
                    agon_instruction(
                        opcode: Int32(AGON_SQUARE.rawValue), target: squares, a: shifted, b: 0, c: 0, p0: 0, p1: 0),
                ]
                for slot in [shifted, squares] {
                    program.results.append(
                        .init(
                            value: member, slot: slot, kind: AGON_RESULT_CHANNEL_SUM,
                            partialOffset: program.partialWidth, pivot: pivot))
                    program.partialWidth += domain.channels
                }
            default:
                var instruction = agon_instruction(opcode: 0, target: 0, a: 0, b: 0, c: 0, p0: 0, p1: 0)
                if let product = absorbed[member] {
                    let factors = nodes[product].inputs
                    let other = node.inputs[0].index == product ? node.inputs[1] : node.inputs[0]
                    instruction.opcode = Int32(AGON_MULTIPLY_ADD.rawValue)
                    instruction.a = operandSlot(factors[0], &program)
                    instruction.b = operandSlot(factors[1], &program)
                    instruction.c = operandSlot(other, &program)
                } else {
                    instruction.a = slot(0)
                    instruction.b = slot(1)
                    encode(node.operation, &instruction)
                }
                // Results that are stored straight to memory must not share a slot with anything.
                let target = resultSet.contains(member) ? next : newSlot()
                if resultSet.contains(member) {
                    next += 1
                    pinned.insert(target)
                    program.results.append(
                        .init(value: member, slot: target, kind: AGON_RESULT_STORE, partialOffset: 0))
                }
                instruction.target = target
                slots[member] = target
                program.instructions.append(instruction)
            }
            release(member)
        }
        program.slotCount = Int(next)
        precondition(
            program.slotCount + program.results.count <= Int(AGON_PROGRAM_SLOTS),
            "program of \(program.slotCount) slots")
        return program
    }

    /// Members that the results depend on, in order.
    private func neededMembers(_ members: [Int], results: [Int]) -> [Int] {
        let all = Set(members)
        var needed = Set(results)
        for member in members.reversed() where needed.contains(member) {
            for input in nodes[member].inputs where all.contains(input.index) { needed.insert(input.index) }
        }
        return members.filter { needed.contains($0) }
    }

    private mutating func encode(_ operation: Operation, _ instruction: inout agon_instruction) {
        func set(_ code: agon_opcode, _ p0: Float = 0, _ p1: Float = 0) {
            instruction.opcode = Int32(code.rawValue)
            instruction.p0 = p0
            instruction.p1 = p1
        }
        switch operation {
        case .broadcast: set(AGON_COPY)
        case .unary(let function):
            switch function {
            case .affine(let scale, let offset): set(AGON_AFFINE, scale, offset)
            case .absolute: set(AGON_ABSOLUTE)
            case .sign: set(AGON_SIGN)
            case .square: set(AGON_SQUARE)
            case .squareRoot: set(AGON_SQUARE_ROOT)
            case .reciprocal: set(AGON_RECIPROCAL)
            case .power(let exponent): set(AGON_POWER, exponent)
            case .exponential: set(AGON_EXPONENTIAL)
            case .logarithm: set(AGON_LOGARITHM)
            case .tanh: set(AGON_TANH)
            case .sigmoid: set(AGON_SIGMOID)
            case .softplus: set(AGON_SOFTPLUS)
            case .elu(let alpha): set(AGON_ELU, alpha)
            case .leakyReLU(let slope): set(AGON_LEAKY_RELU, slope)
            case .step(let threshold): set(AGON_STEP, threshold)
            case .clamp(let low, let high): set(AGON_CLAMP, low, high)
            }
        case .binary(let function):
            switch function {
            case .add: set(AGON_ADD)
            case .subtract: set(AGON_SUBTRACT)
            case .multiply: set(AGON_MULTIPLY)
            case .divide: set(AGON_DIVIDE)
            case .maximum: set(AGON_MAXIMUM)
            case .minimum: set(AGON_MINIMUM)
            case .greater: set(AGON_GREATER)
            case .leakyReLUGradient(let slope): set(AGON_LEAKY_RELU_GRADIENT, slope)
            case .tanhGradient: set(AGON_TANH_GRADIENT)
            case .sigmoidGradient: set(AGON_SIGMOID_GRADIENT)
            case .eluGradient(let alpha): set(AGON_ELU_GRADIENT, alpha)
            }
        case .random(let distribution, let stream):
            if !randomStreams.contains(stream) { randomStreams.append(stream) }
            instruction.a = Int32(randomStreams.firstIndex(of: stream) ?? 0)
            switch distribution {
            case .uniform(let low, let high): set(AGON_RANDOM_UNIFORM, low, high)
            case .normal(let mean, let deviation): set(AGON_RANDOM_NORMAL, mean, deviation)
            case .bernoulli(let probability, let value): set(AGON_RANDOM_BERNOULLI, probability, value)
            }
        default: preconditionFailure("\(operation.name) is not elementwise")
        }
    }
}

extension Operation {
    var isInput: Bool {
        if case .input = self { return true }
        return false
    }
}
