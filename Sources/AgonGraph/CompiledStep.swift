import AgonTensors
import CAgonKernels

/// A compiled step: ordered units, planned memory, and tasks linked by their reads and writes.
///
/// Results depend only on the graph, the variables, the inputs, the seed and the index, not on the threads.
public final class CompiledStep: @unchecked Sendable {
    public let name: String
    public let plan: MemoryPlan
    /// FLOPs per run.
    public let floatingPointOperations: Int
    public let variables: [Variable]
    /// The step's convolutions in the order of the graph.
    public let convolutions: [ConvolutionSummary]
    /// Names and shapes of the inputs to bind.
    public let inputs: [(name: String, shape: Shape)]

    private let pool: WorkerPool
    private let table: AddressTable
    private let arena: StepArena
    private let memory: StepMemory
    /// The arena's memory to which the intermediates' addresses point.
    private var place: UnsafeMutablePointer<Float>?
    private let runners: [ProgramRunner]
    private let results: UnsafeMutablePointer<Float>
    private let constants: UnsafeMutablePointer<Float>
    private let scratch: UnsafeMutablePointer<Float>
    private let scratchPerWorker: Int
    private let tasks: [KernelTask]
    /// The kind of each task for the profile, and its share of the unit's work.
    private let taskKinds: [(name: String, floatingPointOperations: Int)]
    /// The bytes that each task's unit reads and writes, at the unit's first task.
    private let taskBytes: [Int]
    private let links: TaskLinks
    private let schedule: OpaquePointer
    private let keys: RandomKeys
    /// Whether a run draws random numbers.
    public let drawsRandomNumbers: Bool
    private let updateParameters: UpdateParameters
    private let inputIndices: [(name: String, index: Int)]
    private let outputAddresses: [(name: String, address: Address, shape: Shape)]

    /// The time of each kind of kernel since profiling was turned on (by setting `[:]`).
    /// Profiling uses a single thread.
    public var profile: [String: KernelTime]?
    /// The time of each piece of each task since ``startRecording()``; recording uses a single thread.
    public private(set) var recording: TaskRecording?

    /// Simplifies, fuses, orders and plans the graph.
    /// - Parameter arena: shared with steps that never run at the same time; default: the step's own.
    /// - Throws: `GraphError` if a pass left the graph invalid or it reads overwritten state.
    public init(
        _ graph: ComputeGraph, name: String, pool: WorkerPool, seed: UInt64,
        convolutions: ConvolutionMethod = .ofEnvironment, arena: StepArena = StepArena()
    ) throws {
        try BLAS.open()
        self.name = name
        self.pool = pool
        self.arena = arena
        variables = graph.variables + graph.updateRules.flatMap(\.states)
        try GraphValidator.check(graph.nodes)
        let simplified = Simplification.run(graph)
        try GraphValidator.check(simplified.nodes)
        let (rewritten, outputs, summaries) = ConvolutionRewriting.run(
            simplified.nodes, outputs: simplified.outputs, method: convolutions)
        try GraphValidator.check(rewritten)
        self.convolutions = summaries
        let inPlace = InPlaceWrites(rewritten, outputs: outputs.map(\.value))
        let nodes = inPlace.nodes
        try GraphValidator.check(nodes)
        let fusion = Fusion(nodes, holders: inPlace.holders)
        var assembly = ProgramAssembly(fusion, outputs: outputs.map(\.value))
        let programs = assembly.assemble()
        keys = RandomKeys(seed: seed, streams: assembly.randomStreams)
        drawsRandomNumbers = !assembly.randomStreams.isEmpty
        updateParameters = UpdateParameters(rules: graph.updateRules)
        let lowering = Lowering(fusion: fusion, keys: keys, updateParameters: updateParameters)
        table = lowering.table

        var lowered: [LoweredGroup?] = []
        for index in fusion.units.indices { lowered.append(lowering.lower(index, program: programs[index])) }
        let order = try FusionGroupOrder.order(fusion: fusion, lowered: lowered)
        var position: [Int: Int] = [:]
        for (time, index) in order.enumerated() { position[index] = time }
        let units = order.compactMap { index -> LoweredGroup? in
            var unit = lowered[index]
            unit?.waitsFor = Set(fusion.units[index].after.compactMap { position[$0] })
            return unit
        }

        // Variables and constants have their own memory; everything else is placed in the arena.
        var constantIndices: [(index: Int, value: Float)] = []
        var inputs: [(name: String, shape: Shape)] = []
        var inputIndices: [(name: String, index: Int)] = []
        var external = Set<Int>()
        for node in nodes {
            let index = node.output.index
            switch node.operation {
            case .variable(let id), .assign(let id), .update(let id, _):
                table.pointers[index] = id.variable.storage
                external.insert(index)
            case .constant(let value):
                constantIndices.append((index, value))
                external.insert(index)
            case .input(let name):
                inputs.append((name, node.output.shape))
                inputIndices.append((name, index))
                external.insert(index)
            default: break
            }
        }
        for (index, id) in inPlace.holders {
            table.pointers[index] = id.variable.storage
            external.insert(index)
        }
        self.inputs = inputs
        self.inputIndices = inputIndices
        let constantSize = constantIndices.reduce(0) { $0 + roundedUp(nodes[$1.index].output.shape.count, to: 16) }
        constants = AlignedMemory.allocate(floats: constantSize)
        var offset = 0
        for (index, value) in constantIndices {
            let count = nodes[index].output.shape.count
            table.pointers[index] = constants + offset
            (constants + offset).update(repeating: value, count: count)
            offset += roundedUp(count, to: 16)
        }

        // Outputs are read when other steps may have run in the arena.
        let kept = Set(outputs.map { fusion.roots[$0.value.index].root }).subtracting(external)
        let resultSize = kept.reduce(0) { $0 + roundedUp(nodes[$1].output.shape.count, to: 16) }
        results = AlignedMemory.allocate(floats: resultSize)
        offset = 0
        for index in kept.sorted() {
            table.pointers[index] = results + offset
            offset += roundedUp(nodes[index].output.shape.count, to: 16)
        }
        memory = StepMemory.plan(units: units, nodes: nodes, external: external.union(kept))
        arena.reserve(floats: memory.size)
        runners = units.compactMap(\.runner)

        links = TaskLinks(units: units, memory: memory)
        tasks = units.flatMap(\.tasks)
        taskKinds = units.flatMap { unit in
            let kind = ([unit.name] + unit.operands.map(\.description)).joined(separator: " ")
            return unit.tasks.indices.map { (kind, $0 == 0 ? unit.floatingPointOperations : 0) }
        }
        taskBytes = units.flatMap { unit in
            let values = unit.reads.union(unit.writes).reduce(0) { $0 + nodes[$1].output.shape.count }
            let floats = unit.temporaries.reduce(values) { $0 + $1.floats }
            return unit.tasks.indices.map { $0 == 0 ? floats * MemoryLayout<Float>.stride : 0 }
        }
        schedule = links.makeSchedule()
        scratchPerWorker = roundedUp(max(tasks.map(\.scratch).max() ?? 0, 16), to: 1024)
        scratch = AlignedMemory.allocate(floats: scratchPerWorker * pool.threads)
        floatingPointOperations = units.reduce(0) { $0 + $1.floatingPointOperations }
        outputAddresses = outputs.map { ($0.name, lowering.address($0.value.index), $0.value.shape) }

        var plan = MemoryPlan()
        let bytes = MemoryLayout<Float>.stride
        for variable in variables {
            let size = variable.shape.count * bytes
            switch variable.role {
            case .parameter: plan.parameters += size
            case .buffer: plan.statistics += size
            case .optimizerState: plan.optimizerState += size
            case .loopState: plan.loopState += size
            }
        }
        plan.activations = memory.size * bytes
        plan.outputs = resultSize * bytes
        plan.workspace = scratchPerWorker * pool.threads * bytes
        plan.withoutReuse = memory.withoutReuse * bytes
        self.plan = plan
    }

    deinit {
        agon_schedule_destroy(schedule)
        AlignedMemory.free(results)
        AlignedMemory.free(constants)
        AlignedMemory.free(scratch)
    }

    /// Runs the step.
    /// - Parameters:
    ///   - inputs: values by name, in memory layout; they must stay valid until the call returns.
    ///   - index: the number of earlier runs: the step of its random streams.
    ///   - updates: the number of earlier optimizer updates; default: `index`.
    public func run(inputs: [String: UnsafePointer<Float>] = [:], index: Int = 0, updates: Int? = nil) {
        for (name, place) in inputIndices {
            guard let pointer = inputs[name] else { preconditionFailure("step \(self.name) needs the input '\(name)'") }
            table.pointers[place] = UnsafeMutablePointer(mutating: pointer)
        }
        takePlace()
        keys.begin(index)
        updateParameters.begin(updates ?? index)
        if profile != nil || recording != nil { return runTimed() }
        let context = Unmanaged.passUnretained(self).toOpaque()
        let ran = agon_pool_run(
            pool.handle, schedule,
            { context, task, piece, worker in
                guard let context else { return }
                let step = Unmanaged<CompiledStep>.fromOpaque(context).takeUnretainedValue()
                step.tasks[Int(task)].run(Int(piece), step.scratch + Int(worker) * step.scratchPerWorker)
            }, context)
        if !ran { MemoryShortage.end(wanting: "the queues of \(tasks.count) tasks on \(pool.threads) threads") }
    }

    /// Points the intermediates' addresses to the arena, which may have grown for another step.
    private func takePlace() {
        guard arena.memory != place else { return }
        for (index, offset) in memory.offsets { table.pointers[index] = arena.memory + offset }
        for runner in runners { runner.settle() }
        place = arena.memory
    }

    /// Times the pieces of each task from now on.
    public func startRecording() {
        recording = TaskRecording(links: links, kernels: taskKinds.map(\.name), bytes: taskBytes)
    }

    private func runTimed() {
        let subnormals = agon_subnormals_begin_flush()
        defer { agon_subnormals_end_flush(subnormals) }
        let clock = ContinuousClock()
        for (index, task) in tasks.enumerated() {
            var spent = Duration.zero
            for piece in 0..<task.pieces {
                let time = clock.measure { task.run(piece, scratch) }
                recording?.tasks[index].pieces[piece] += time
                spent += time
            }
            let kind = taskKinds[index]
            profile?[kind.name, default: KernelTime()].add(spent, floatingPointOperations: kind.floatingPointOperations)
        }
        recording?.runs += 1
    }

    /// The names of the step's outputs.
    public var outputNames: [String] { outputAddresses.map(\.name) }

    /// An output's values after a run, in memory layout.
    public func output(_ name: String) -> Tensor? {
        guard let found = outputAddresses.first(where: { $0.name == name }) else { return nil }
        return Tensor(
            shape: found.shape,
            values: Array(UnsafeBufferPointer(start: found.address.constant, count: found.shape.count)))
    }

    /// The first element of each output of one element.
    public func scalars() -> [(name: String, value: Float)] {
        outputAddresses.compactMap { $0.shape.count == 1 ? ($0.name, $0.address.pointer[0]) : nil }
    }
}

extension CompiledStep {
    /// Runs the step once, on values by name in memory layout.
    public func run(values: [String: [Float]]) {
        let copies = values.mapValues { values in
            let copy = UnsafeMutableBufferPointer<Float>.allocate(capacity: max(1, values.count))
            _ = copy.initialize(fromContentsOf: values)
            return copy
        }
        defer { for copy in copies.values { copy.deallocate() } }
        run(inputs: copies.compactMapValues { $0.baseAddress.map { UnsafePointer($0) } })
    }

    /// The output's values without a copy, valid until the next run.
    public func withOutput<R>(_ name: String, _ body: (UnsafeBufferPointer<Float>, Shape) throws -> R) rethrows -> R? {
        guard let found = outputAddresses.first(where: { $0.name == name }) else { return nil }
        return try body(UnsafeBufferPointer(start: found.address.constant, count: found.shape.count), found.shape)
    }
}

/// The time that a kind of kernel took, and its work.
public struct KernelTime: Sendable {
    public var seconds = 0.0
    public var floatingPointOperations = 0

    mutating func add(_ time: Duration, floatingPointOperations work: Int) {
        seconds += Double(time.components.seconds) + Double(time.components.attoseconds) * 1e-18
        floatingPointOperations += work
    }
}
