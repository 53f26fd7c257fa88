import Testing

@testable import AgonDatasets

@Suite struct SampleSelectionTests {
    private static let ordered: [Int32] = [0, 0, 0, 0, 1, 1, 2, 2, 2]

    private func limited(_ labels: [Int32]?, to limit: Int, _ order: LimitOrder = .source) throws -> SampleSelection {
        try SampleSelection(
            count: labels?.count ?? 9, labels: labels, classNames: ["a", "b", "c"], limit: limit, limitOrder: order,
            origin: "test")
    }

    @Test func limitTakesTheFirstSamples() throws {
        #expect(try limited(nil, to: 4).indices == [0, 1, 2, 3])
        #expect(try limited(nil, to: 4).note == "limit: 4 of 9 samples")
        #expect(try limited(Self.ordered, to: 5).indices == [0, 1, 2, 3, 4])
        #expect(
            try limited(Self.ordered, to: 5).note
                == "limit: 5 of 9 samples, of 2 of 3 classes; \"limitOrder\": \"classes\" takes the first of each")
        #expect(try limited(Self.ordered, to: 9).note == nil)
    }

    @Test(arguments: [
        (1, [0]), (3, [0, 4, 6]), (4, [0, 1, 4, 6]), (6, [0, 1, 4, 5, 6, 7]), (8, [0, 1, 2, 4, 5, 6, 7, 8]),
        (9, Array(0..<9)), (20, Array(0..<9)),
    ])
    func limitByClassesTakesTheFirstOfEach(limit: Int, expected: [Int]) throws {
        #expect(try limited(Self.ordered, to: limit, .classes).indices == expected)
    }

    @Test func limitByClassesNeedsLabels() throws {
        #expect(try limited([2, 0, 1, 1, 0, 2], to: 3, .classes).indices == [0, 1, 2])
        #expect(throws: DatasetError.noLabels(origin: "test", key: "limitOrder")) {
            _ = try limited(nil, to: 3, .classes)
        }
    }
}
