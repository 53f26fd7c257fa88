import CAgonKernels
import Testing

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Tasks with pieces and the order they must keep, with marks that show what ran when.
///
/// Marks are plain memory: that a piece sees what earlier tasks wrote is the scheduler's promise.
private final class MarkedSchedule {
    let pieces: [Int32]
    let predecessors: [[Int]]
    private let firstPiece: [Int]
    /// How often each piece ran.
    let runs: UnsafeMutablePointer<Int32>
    private let busy: UnsafeMutablePointer<Int32>
    private let faults: UnsafeMutablePointer<Int32>  // by worker
    private let threads: Int
    private let schedule: OpaquePointer
    var total: Int { pieces.reduce(0) { $0 + Int($1) } }

    init(pieces: [Int32], predecessors: [[Int]], threads: Int) {
        (self.pieces, self.predecessors, self.threads) = (pieces, predecessors, threads)
        var first = [0]
        for count in pieces { first.append(first[first.count - 1] + Int(count)) }
        firstPiece = first
        var successors = [[Int32]](repeating: [], count: pieces.count)
        for (task, needs) in predecessors.enumerated() { for need in needs { successors[need].append(Int32(task)) } }
        var starts: [Int32] = [0]
        for list in successors { starts.append(starts[starts.count - 1] + Int32(list.count)) }
        schedule = agon_schedule_create(Int32(pieces.count), pieces, starts, successors.flatMap { $0 } + [0])
        let total = pieces.reduce(0) { $0 + Int($1) }
        runs = .allocate(capacity: max(total, 1))
        runs.initialize(repeating: 0, count: max(total, 1))
        busy = .allocate(capacity: threads)
        busy.initialize(repeating: 0, count: threads)
        faults = .allocate(capacity: threads)
        faults.initialize(repeating: 0, count: threads)
    }

    deinit {
        agon_schedule_destroy(schedule)
        runs.deallocate()
        busy.deallocate()
        faults.deallocate()
    }

    /// Runs all tasks once more. Returns how many pieces ran too early or on a busy worker.
    func run(on pool: OpaquePointer) -> Int {
        agon_pool_run(
            pool, schedule,
            { context, task, piece, worker in
                guard let context else { return }
                Unmanaged<MarkedSchedule>.fromOpaque(context).takeUnretainedValue()
                    .mark(Int(task), Int(piece), Int(worker))
            }, Unmanaged.passUnretained(self).toOpaque())
        return (0..<threads).reduce(0) { $0 + Int(faults[$1]) }
    }

    private func mark(_ task: Int, _ piece: Int, _ worker: Int) {
        precondition((0..<threads).contains(worker), "worker \(worker) of \(threads)")
        if busy[worker] != 0 { faults[worker] += 1 }
        busy[worker] = 1
        let own = firstPiece[task] + piece
        let round = runs[own] + 1
        for need in predecessors[task] {
            for other in 0..<Int(pieces[need]) where runs[firstPiece[need] + other] != round { faults[worker] += 1 }
        }
        runs[own] = round
        busy[worker] = 0
    }
}

@Suite struct PoolTests {
    private func random(_ count: Int, seed: UInt64) -> [UInt32] {
        var words = [UInt32](repeating: 0, count: count)
        agon_random_bits(seed, 0, 0, &words, count)
        return words
    }

    /// Random orders: every piece runs once a round, after all pieces of the tasks before it, on a worker of its own.
    @Test(arguments: [1, 2, 3, 4] as [Int32], 0..<5)
    func randomOrdersAreKept(threads: Int32, seed: Int) throws {
        let pool = try #require(agon_pool_create(threads))
        defer { agon_pool_destroy(pool) }
        let words = random(4000, seed: UInt64(seed))
        let count = 1 + Int(words[0] % 60)
        let pieces = (0..<count).map { Int32(1 + words[1 + $0] % (words[100 + $0] % 4 == 0 ? 40 : 3)) }
        let predecessors = (0..<count).map { task -> [Int] in
            let wanted = task == 0 ? 0 : Int(words[200 + task] % 4)
            return Array(Set((0..<wanted).map { Int(words[300 + 4 * task + $0]) % task }))
        }
        let schedule = MarkedSchedule(pieces: pieces, predecessors: predecessors, threads: Int(threads))
        for round in 1...30 {
            #expect(schedule.run(on: pool) == 0)
            #expect((0..<schedule.total).allSatisfy { schedule.runs[$0] == round })
        }
    }

    /// A chain leaves all but one worker without work; a fan gives them one task between two barriers.
    @Test(arguments: [1, 2, 4] as [Int32])
    func chainsAndFans(threads: Int32) throws {
        let pool = try #require(agon_pool_create(threads))
        defer { agon_pool_destroy(pool) }
        let chain = MarkedSchedule(
            pieces: [Int32](repeating: 1, count: 300), predecessors: (0..<300).map { $0 == 0 ? [] : [$0 - 1] },
            threads: Int(threads))
        let fan = MarkedSchedule(
            pieces: [1] + [Int32](repeating: 7, count: 50) + [1],
            predecessors: [[]] + [[Int]](repeating: [0], count: 50) + [Array(1...50)], threads: Int(threads))
        for round in 1...20 {
            for schedule in [chain, fan] {
                #expect(schedule.run(on: pool) == 0)
                #expect((0..<schedule.total).allSatisfy { schedule.runs[$0] == round })
            }
        }
    }

    /// More tasks than a worker looks ahead, the last of which nothing holds back.
    @Test func moreTasksThanTheWindow() throws {
        let pool = try #require(agon_pool_create(3))
        defer { agon_pool_destroy(pool) }
        let count = 1500
        let schedule = MarkedSchedule(
            pieces: [Int32](repeating: 2, count: count),
            predecessors: (0..<count).map { $0 < 700 && $0 > 0 ? [$0 - 1] : [] },
            threads: 3)
        for round in 1...5 {
            #expect(schedule.run(on: pool) == 0)
            #expect((0..<schedule.total).allSatisfy { schedule.runs[$0] == round })
        }
    }

    /// Nothing to do; and workers that fell asleep between two runs.
    @Test func emptyAndRareRuns() throws {
        let pool = try #require(agon_pool_create(3))
        defer { agon_pool_destroy(pool) }
        let empty = MarkedSchedule(pieces: [], predecessors: [], threads: 3)
        let work = MarkedSchedule(pieces: [5, 5], predecessors: [[], [0]], threads: 3)
        for round in 1...5 {
            #expect(empty.run(on: pool) == 0)
            usleep(4000)
            #expect(work.run(on: pool) == 0)
            #expect((0..<10).allSatisfy { work.runs[$0] == round })
        }
    }

    @Test func aScheduleRunsOnPoolsOfAnySize() throws {
        let schedule = MarkedSchedule(
            pieces: [3, 1, 9, 2, 1], predecessors: [[], [0], [0], [1, 2], [3]], threads: 4)
        for (round, threads) in ([2, 4, 1, 3, 3, 2] as [Int32]).enumerated() {
            let pool = try #require(agon_pool_create(threads))
            #expect(schedule.run(on: pool) == 0)
            #expect((0..<schedule.total).allSatisfy { schedule.runs[$0] == round + 1 })
            agon_pool_destroy(pool)
        }
    }

    @Test func poolsComeAndGo() throws {
        for threads in [1, 2, 4, 2] as [Int32] {
            for _ in 0..<10 {
                agon_pool_destroy(try #require(agon_pool_create(threads)))
            }
        }
    }
}
