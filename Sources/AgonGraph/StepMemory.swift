import AgonTensors
import CAgonKernels

/// The offsets of a step's intermediates in the arena.
struct StepMemory {
    /// Table index to offset in floats.
    var offsets: [Int: Int] = [:]
    /// Sizes of the placed buffers in floats, by table index.
    var sizes: [Int: Int] = [:]
    var size = 0
    var withoutReuse = 0

    /// - Parameter external: values with their own memory.
    static func plan(units: [LoweredGroup], nodes: [Node], external: Set<Int>) -> StepMemory {
        var first: [Int: Int] = [:]
        var last: [Int: Int] = [:]
        for (time, unit) in units.enumerated() {
            for value in unit.writes.union(unit.reads) where !external.contains(value) {
                if first[value] == nil { first[value] = time }
                last[value] = time
            }
        }

        // A stored result may take over the memory of a full operand that dies in the same unit.
        var takesOver: [Int: Int] = [:]
        var taken = Set<Int>()
        for (time, unit) in units.enumerated() {
            guard let runner = unit.runner else { continue }
            for result in runner.storedValues where !external.contains(result) && first[result] == time {
                let size = nodes[result].output.shape.count
                let anchorFirst = unit.reusable.sorted { a, b in unit.writes.contains(a) && !unit.writes.contains(b) }
                for operand in anchorFirst
                where operand != result && !external.contains(operand) && !taken.contains(operand) {
                    guard last[operand] == time, nodes[operand].output.shape.count == size else { continue }
                    takesOver[result] = operand
                    taken.insert(operand)
                    break
                }
            }
        }
        func owner(_ value: Int) -> Int {
            var value = value
            while let previous = takesOver[value] { value = previous }
            return value
        }

        var lifetimes: [Int: (first: Int, last: Int)] = [:]
        for (value, start) in first {
            let end = last[value] ?? start
            let owner = owner(value)
            let known = lifetimes[owner] ?? (start, end)
            lifetimes[owner] = (min(known.first, start), max(known.last, end))
        }
        var planner = ArenaPlanner()
        for (value, life) in lifetimes.sorted(by: { $0.key < $1.key }) {
            planner.buffers.append(
                .init(index: value, size: nodes[value].output.shape.count, first: life.first, last: life.last))
        }
        for (time, unit) in units.enumerated() {
            for temporary in unit.temporaries {
                planner.buffers.append(.init(index: temporary.index, size: temporary.floats, first: time, last: time))
            }
        }
        planner.place()
        var memory = StepMemory()
        memory.size = planner.size
        for buffer in planner.buffers {
            memory.offsets[buffer.index] = buffer.offset
            memory.sizes[buffer.index] = buffer.size
        }
        for value in first.keys {
            let owner = owner(value)
            memory.offsets[value] = memory.offsets[owner]
            memory.sizes[value] = memory.sizes[owner]
            memory.withoutReuse += nodes[value].output.shape.count
        }
        return memory
    }
}

/// The dependencies of tasks: stages of a unit, values, and reused memory.
struct TaskLinks {
    let pieces: [Int32]
    let successors: [[Int32]]

    init(units: [LoweredGroup], memory: StepMemory) {
        var pieces: [Int32] = []
        var firstTask: [Int] = []
        var lastTask: [Int] = []
        var predecessors: [Set<Int>] = []
        for unit in units {
            firstTask.append(pieces.count)
            for (stage, task) in unit.tasks.enumerated() {
                predecessors.append(stage == 0 ? [] : [pieces.count - 1])
                pieces.append(Int32(task.pieces))
            }
            lastTask.append(pieces.count - 1)
        }
        var producer: [Int: Int] = [:]
        var touched: [Int: [Int]] = [:]  // units by arena or variable value, in order
        // Placed regions in use so far, with their last users.
        var regions: [(start: Int, end: Int, value: Int)] = []
        for (time, unit) in units.enumerated() {
            var needs = Set<Int>()
            for value in unit.reads { if let unit = producer[value] { needs.insert(unit) } }
            let fresh = unit.writes.union(unit.temporaries.map(\.index)).filter { producer[$0] == nil }
            for value in fresh.sorted() {
                guard let start = memory.offsets[value], let size = memory.sizes[value] else { continue }
                let end = start + max(size, 1)
                for region in regions where region.start < end && start < region.end {
                    needs.formUnion(touched[region.value] ?? [])
                }
                // Regions that this value covers entirely are superseded.
                regions.removeAll { start <= $0.start && $0.end <= end }
                regions.append((start, end, value))
            }
            needs.formUnion(unit.waitsFor)
            needs.remove(time)
            for need in needs { predecessors[firstTask[time]].insert(lastTask[need]) }
            for value in unit.writes { producer[value] = time }
            for value in unit.reads.union(unit.writes).union(unit.temporaries.map(\.index)) {
                touched[value, default: []].append(time)
            }
        }
        var successors = [[Int32]](repeating: [], count: pieces.count)
        for (task, needs) in predecessors.enumerated() {
            for need in needs.sorted() { successors[need].append(Int32(task)) }
        }
        self.pieces = pieces
        self.successors = successors
    }

    func makeSchedule() -> OpaquePointer {
        var starts: [Int32] = [0]
        for list in successors { starts.append(starts[starts.count - 1] + Int32(list.count)) }
        let flat: [Int32] = successors.flatMap { $0 } + [0]
        guard let schedule = agon_schedule_create(Int32(pieces.count), pieces, starts, flat) else {
            MemoryShortage.end(wanting: "the schedule of \(pieces.count) tasks")
        }
        return schedule
    }
}
