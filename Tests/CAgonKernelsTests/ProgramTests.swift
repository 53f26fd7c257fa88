import CAgonKernels
import Testing

/// Domains and ways of cutting them, for all kinds of operands and results.
struct ProgramDomain: CustomTestStringConvertible, Sendable {
    let samples: Int, positions: Int, channels: Int
    var testDescription: String { "[\(samples), \(positions), \(channels)]" }

    init(_ samples: Int, _ positions: Int, _ channels: Int) {
        (self.samples, self.positions, self.channels) = (samples, positions, channels)
    }

    var rows: Int { samples * positions }

    func window(rows: Range<Int>, channels: Range<Int>? = nil) -> agon_window {
        let channels = channels ?? 0..<self.channels
        return agon_window(
            row_begin: Int64(rows.lowerBound), row_end: Int64(rows.upperBound),
            channel_begin: Int64(channels.lowerBound), channel_end: Int64(channels.upperBound))
    }

    static let all = [
        ProgramDomain(2, 3, 5), .init(3, 1, 7), .init(1, 1, 1), .init(4, 200, 3), .init(2, 3, 511), .init(3, 2, 512),
        .init(2, 2, 700), .init(1, 1, 1500), .init(7, 90, 1), .init(2, 45, 33),
    ]
}

@Suite struct ProgramTests {
    private let kinds = [
        AGON_OPERAND_FULL, AGON_OPERAND_SCALAR, AGON_OPERAND_CHANNEL, AGON_OPERAND_SAMPLE, AGON_OPERAND_SAMPLE_CHANNEL,
        AGON_OPERAND_ROW, AGON_OPERAND_POSITION,
    ]

    /// Where element (n, p, c) lies in an operand, and how many floats it has.
    private func place(_ kind: agon_operand_kind, _ d: ProgramDomain, _ n: Int, _ p: Int, _ c: Int) -> Int {
        switch kind {
        case AGON_OPERAND_FULL: (n * d.positions + p) * d.channels + c
        case AGON_OPERAND_CHANNEL: c
        case AGON_OPERAND_SAMPLE: n
        case AGON_OPERAND_SAMPLE_CHANNEL: n * d.channels + c
        case AGON_OPERAND_ROW: n * d.positions + p
        case AGON_OPERAND_POSITION: p * d.channels + c
        default: 0
        }
    }

    /// `full * a + b` for operands of each kind, stored and summed in each way, over the windows that kernels use.
    @Test(arguments: ProgramDomain.all, Kernels.available)
    func allOperandsAndResults(_ d: ProgramDomain, kernels: String) {
        for (index, kind) in kinds.enumerated() {
            let other = kinds[(index + 3) % kinds.count]
            func operand(_ kind: agon_operand_kind, _ seed: UInt64) -> (values: [Float], kind: agon_operand_kind) {
                let count = place(kind, d, d.samples - 1, d.positions - 1, d.channels - 1) + 1
                return (uniform(count, seed: seed), kind)
            }
            let operands = [operand(AGON_OPERAND_FULL, 1), operand(kind, 2), operand(other, 3)]
            let exact = places(d.samples, d.positions, d.channels).map { at -> Double in
                let x = operands.map { Double($0.values[place($0.kind, d, at[0], at[1], at[2])]) }
                return x[0] * x[1] + x[2]
            }
            let program = RunningProgram(
                samples: d.samples, positions: d.positions, channels: d.channels, operands: operands,
                instructions: [
                    agon_instruction(
                        opcode: Int32(AGON_MULTIPLY_ADD.rawValue), target: 3, a: 0, b: 1, c: 2, p0: 0, p1: 0)
                ], results: [], slots: 4)
            let half = max(1, d.samples / 2) * d.positions
            let windows: [[agon_window]] = [
                [d.window(rows: 0..<d.rows)],
                half < d.rows
                    ? [d.window(rows: half..<d.rows), d.window(rows: 0..<half)] : [d.window(rows: 0..<d.rows)],
            ]
            for cut in windows { check(program, d, exact, wholeSamples: true, cut, kernels) }
            // Rows in the middle of a sample, and parts of the channels, as products are cut.
            let row = (d.rows + 1) / 2
            let channel = (d.channels + 2) / 3
            var parts: [agon_window] = []
            for rows in [0..<row, row..<d.rows] where !rows.isEmpty {
                for channels in [0..<channel, channel..<d.channels] where !channels.isEmpty {
                    parts.append(d.window(rows: rows, channels: channels))
                }
            }
            check(program, d, exact, wholeSamples: false, parts, kernels)
        }
    }

    private func check(
        _ program: RunningProgram, _ d: ProgramDomain, _ exact: [Double], wholeSamples: Bool, _ windows: [agon_window],
        _ kernels: String
    ) {
        let whole = [
            AGON_RESULT_SAMPLE_SUM, AGON_RESULT_SAMPLE_CHANNEL_SUM, AGON_RESULT_ROW_SUM, AGON_RESULT_ROW_MAXIMUM,
        ]
        let kinds = [AGON_RESULT_STORE, AGON_RESULT_CHANNEL_SUM, AGON_RESULT_SCALAR_SUM] + (wholeSamples ? whole : [])
        var program = program
        program.partialWidth = d.channels + 1
        program.results = kinds.map {
            agon_result(
                kind: Int32($0.rawValue), slot: 3, deferred: 0,
                partial_offset: Int32($0 == AGON_RESULT_SCALAR_SUM ? d.channels : 0))
        }
        let found = program.run(Kernels.named(kernels), windows: windows)
        #expect(found.count == kinds.count)
        for (kind, values) in zip(kinds, found) {
            let expected = expected(kind, d, exact)
            // Sums of terms of either sign are as large as the root of their number.
            expectClose(
                values, expected, "result \(kind.rawValue), \(windows.count) windows", tolerance: 4e-6,
                floor: (Double(exact.count) / Double(expected.count)).squareRoot())
        }
    }

    private func expected(_ kind: agon_result_kind, _ d: ProgramDomain, _ exact: [Double]) -> [Double] {
        func summed(_ count: Int, _ target: ([Int]) -> Int) -> [Double] {
            var sums = [Double](repeating: 0, count: count)
            for (value, at) in zip(exact, places(d.samples, d.positions, d.channels)) { sums[target(at)] += value }
            return sums
        }
        switch kind {
        case AGON_RESULT_CHANNEL_SUM: return summed(d.channels) { $0[2] }
        case AGON_RESULT_SCALAR_SUM: return summed(1) { _ in 0 }
        case AGON_RESULT_SAMPLE_SUM: return summed(d.samples) { $0[0] }
        case AGON_RESULT_SAMPLE_CHANNEL_SUM: return summed(d.samples * d.channels) { $0[0] * d.channels + $0[2] }
        case AGON_RESULT_ROW_SUM: return summed(d.rows) { $0[0] * d.positions + $0[1] }
        case AGON_RESULT_ROW_MAXIMUM:
            return (0..<d.rows).map { exact[$0 * d.channels..<($0 + 1) * d.channels].max() ?? 0 }
        default: return exact
        }
    }

    /// Float sums are emptied into doubles before they lose digits: a million tenths.
    @Test(arguments: Kernels.available)
    func longSumsKeepTheirDigits(kernels: String) {
        let count = 1_000_000
        let program = RunningProgram(
            samples: count / 4, positions: 1, channels: 4,
            operands: [([Float](repeating: 0.1, count: count), AGON_OPERAND_FULL)],
            instructions: [],
            results: [
                agon_result(kind: Int32(AGON_RESULT_CHANNEL_SUM.rawValue), slot: 0, deferred: 0, partial_offset: 0),
                agon_result(kind: Int32(AGON_RESULT_SCALAR_SUM.rawValue), slot: 0, deferred: 0, partial_offset: 4),
            ], slots: 1, partialWidth: 5)
        let sums = program.run(Kernels.named(kernels))
        let tenth = Double(Float(0.1))
        expectClose(sums[0], [Double](repeating: tenth * 250_000, count: 4), tolerance: 2e-6)
        expectClose(sums[1], [tenth * 1_000_000], tolerance: 2e-6)
    }
}
