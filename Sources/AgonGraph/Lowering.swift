import AgonConfiguration
import AgonTensors
import CAgonKernels

/// The address of each value of a step (temporary memory of kernels follows the values).
final class AddressTable: @unchecked Sendable {
    let pointers: UnsafeMutablePointer<UnsafeMutablePointer<Float>>
    private let placeholder: UnsafeMutablePointer<Float>
    let capacity: Int

    init(capacity: Int) {
        self.capacity = capacity
        placeholder = AlignedMemory.allocate(floats: 16)
        pointers = .allocate(capacity: max(capacity, 1))
        pointers.initialize(repeating: placeholder, count: max(capacity, 1))
    }

    deinit {
        pointers.deallocate()
        AlignedMemory.free(placeholder)
    }
}

/// A memory location that is known when the step is planned.
struct Address: @unchecked Sendable {
    let table: AddressTable
    let index: Int
    let offset: Int

    var pointer: UnsafeMutablePointer<Float> { table.pointers[index] + offset }
    var constant: UnsafePointer<Float> { UnsafePointer(pointer) }
    var doubles: UnsafeMutablePointer<Double> {
        UnsafeMutableRawPointer(pointer).assumingMemoryBound(to: Double.self)
    }
}

/// A stage of a kernel: pieces that may run concurrently, on any thread.
struct KernelTask {
    let pieces: Int
    /// Floats of scratch per worker.
    var scratch = 0
    let run: (_ piece: Int, _ scratch: UnsafeMutablePointer<Float>) -> Void
}

/// A lowered unit: consecutive stages, with their reads and writes.
struct LoweredGroup {
    var name: String
    var origin: ConfigPath
    /// The shapes that a product or reduction works on, or that of elementwise work.
    var operands: [Shape] = []
    var tasks: [KernelTask] = []
    /// Table indices read and written, variables included.
    var reads: Set<Int> = []
    var writes: Set<Int> = []
    /// Memory needed while the unit runs: table index and floats.
    var temporaries: [(index: Int, floats: Int)] = []
    var floatingPointOperations = 0
    /// The runner of the unit's program, which learns of overlaps when memory is planned.
    var runner: ProgramRunner?
    /// Full operands whose memory a stored result may take over.
    var reusable: [Int] = []
    /// Optimizer updates run as soon as they can.
    var isEager = false
    /// Positions (in the final order) of units that must end before this one overwrites a variable.
    var waitsFor: Set<Int> = []
}

/// Lowers units to kernels.
final class Lowering {
    let nodes: [Node]
    let fusion: Fusion
    let table: AddressTable
    let keys: RandomKeys
    let updateParameters: UpdateParameters
    private var nextTemporary: Int
    let vector: agon_vector_kernels

    init(fusion: Fusion, keys: RandomKeys, updateParameters: UpdateParameters) {
        nodes = fusion.nodes
        self.fusion = fusion
        self.keys = keys
        self.updateParameters = updateParameters
        table = AddressTable(capacity: fusion.nodes.count + 4 * fusion.units.count)
        nextTemporary = fusion.nodes.count
        vector = agon_vector().pointee
    }

    func address(_ value: Int) -> Address {
        let place = fusion.roots[value]
        return Address(table: table, index: place.root, offset: place.offset)
    }

    func temporary(_ floats: Int, in unit: inout LoweredGroup) -> Address {
        precondition(nextTemporary < table.capacity, "too many temporaries")
        unit.temporaries.append((nextTemporary, floats))
        nextTemporary += 1
        return Address(table: table, index: nextTemporary - 1, offset: 0)
    }

    /// The kernels of one unit with its program.
    func lower(_ index: Int, program: Program?) -> LoweredGroup? {
        let unit = fusion.units[index]
        let shape = program?.domain.shape
        let program = unit.anchor == nil ? program?.flattened : program
        guard unit.anchor != nil || program != nil else { return nil }
        let first = nodes[unit.anchor ?? unit.members[0]]
        var lowered = LoweredGroup(name: first.operation.name, origin: first.origin)
        if let anchor = unit.anchor {
            for input in nodes[anchor].inputs { lowered.reads.insert(fusion.roots[input.index].root) }
            lowered.writes.insert(anchor)
            lowered.operands = nodes[anchor].inputs.map(\.shape)
        } else {
            lowered.name = "elementwise"
            lowered.operands = shape.map { [$0] } ?? []
        }
        var runner: ProgramRunner?
        if let program {
            // Memory that the unit also reads for its product or through a view must not be reused.
            let views = program.operands.filter { fusion.roots[$0.value].root != $0.value }
            let readElsewhere = lowered.reads.union(views.map { fusion.roots[$0.value].root })
            for operand in program.operands {
                let root = fusion.roots[operand.value].root
                if root != unit.anchor { lowered.reads.insert(root) }
                if operand.kind == AGON_OPERAND_FULL, operand.value == root, !readElsewhere.contains(root) {
                    lowered.reusable.append(root)
                }
            }
            for result in program.results { lowered.writes.insert(result.value) }
            runner = ProgramRunner(program, lowering: self)
            lowered.runner = runner
            lowered.floatingPointOperations += program.instructions.count * program.domain.shape.count
        }
        if let anchor = unit.anchor {
            lowerAnchor(nodes[anchor], runner, &lowered)
        } else if let program, let runner {
            lowerProgram(program, runner, &lowered)
            // A running mean follows the update of its variable, while that is in the cache.
            lowered.isEager = program.results.allSatisfy { fusion.holders[$0.value] != nil }
        }
        return lowered
    }

    // MARK: Elementwise work alone

    private func lowerProgram(_ program: Program, _ runner: ProgramRunner, _ lowered: inout LoweredGroup) {
        let domain = program.domain
        let elementsPerPiece = 32768
        let bySample = program.results.contains {
            $0.kind == AGON_RESULT_SAMPLE_SUM || $0.kind == AGON_RESULT_SAMPLE_CHANNEL_SUM
        }
        var windows: [agon_window] = []
        // The maximum of a row is found by one piece.
        let byRow = program.results.contains { $0.kind == AGON_RESULT_ROW_MAXIMUM }
        if domain.rows == 1, domain.channels > elementsPerPiece, !bySample, !byRow {
            for start in stride(from: 0, to: domain.channels, by: elementsPerPiece) {
                windows.append(
                    agon_window(
                        row_begin: 0, row_end: 1, channel_begin: Int64(start),
                        channel_end: Int64(min(start + elementsPerPiece, domain.channels))))
            }
        } else {
            let unitRows = bySample ? domain.positions : 1
            let unitElements = max(unitRows * domain.channels, 1)
            let rows = max(1, elementsPerPiece / unitElements) * unitRows
            for start in stride(from: 0, to: domain.rows, by: rows) {
                windows.append(
                    agon_window(
                        row_begin: Int64(start), row_end: Int64(min(start + rows, domain.rows)), channel_begin: 0,
                        channel_end: Int64(domain.channels)))
            }
        }
        finish(runner, pieces: windows.count, &lowered)
        let task = KernelTask(pieces: windows.count, scratch: ProgramRunner.scratch) { piece, scratch in
            runner.run(windows[piece], piece: piece, scratch: scratch)
        }
        lowered.tasks.insert(task, at: 0)
    }

    /// Gives the runner memory for its pieces' sums and appends the stage that adds them.
    func finish(_ runner: ProgramRunner?, pieces: Int, _ lowered: inout LoweredGroup) {
        guard let runner, runner.partialStride > 0 else { return }
        runner.partials = temporary(2 * pieces * runner.partialStride, in: &lowered)
        lowered.tasks.append(
            KernelTask(pieces: 1, scratch: runner.finishScratch) { _, scratch in
                runner.finish(pieces: pieces, scratch: scratch)
            })
    }
}

/// The keys of a step's random streams; the run's index is their step.
final class RandomKeys: @unchecked Sendable {
    let keys: UnsafeMutablePointer<agon_random_key>
    let count: Int

    init(seed: UInt64, streams: [String]) {
        count = streams.count
        keys = .allocate(capacity: max(count, 1))
        keys.initialize(repeating: agon_random_key(key: 0, step: 0), count: max(count, 1))
        for (index, stream) in streams.enumerated() { keys[index].key = RandomStream(seed: seed, purpose: stream).key }
    }

    func begin(_ run: Int) {
        for index in 0..<count { keys[index].step = UInt64(run) }
    }

    deinit { keys.deallocate() }
}

/// The numbers of each optimizer update in a step, set before each run.
final class UpdateParameters: @unchecked Sendable {
    static let width = 16
    let rules: [any ParameterUpdate]
    let values: UnsafeMutablePointer<Float>

    init(rules: [any ParameterUpdate]) {
        self.rules = rules
        values = .allocate(capacity: max(rules.count, 1) * Self.width)
        values.initialize(repeating: 0, count: max(rules.count, 1) * Self.width)
    }

    func begin(_ run: Int) {
        for (index, rule) in rules.enumerated() {
            let numbers = rule.parameters(updates: run)
            precondition(numbers.count <= Self.width, "an update rule has \(numbers.count) parameters")
            for (offset, number) in numbers.enumerated() { values[index * Self.width + offset] = number }
        }
    }

    deinit { values.deallocate() }
}
