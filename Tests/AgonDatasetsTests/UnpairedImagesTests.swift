import AgonConfiguration
import AgonTensors
import AgonTestFiles
import Foundation
import Testing

@testable import AgonDatasets

@Suite struct UnpairedImagesTests {
    private func open(_ text: String) throws -> any Dataset {
        try ConfigReader.decode(DatasetConfiguration.self, from: ConfigNode.parse(text, file: "test.json")).value
            .open(searchPath: DataSearchPath(roots: [], manifestFolders: [], fetchFolder: "/nowhere"))
    }

    /// Images of one value: A from 100, B from 200.
    private func domains(a: Int, b: Int, prefix: String = "train", in folder: TemporaryFolder) throws {
        for index in 0..<a { try folder.writeImage("\(prefix)A/\(10 + index).png", value: UInt8(100 + index)) }
        for index in 0..<b { try folder.writeImage("\(prefix)B/\(10 + index).png", value: UInt8(200 + index)) }
    }

    private struct Copy: Equatable {
        let index: Int
        let epoch: Int
        let samples: [Int]
        let conditionSamples: [Int]
        let images: [Float]
        let conditions: [Float]

        init(_ batch: Batch) {
            index = batch.index
            epoch = batch.epoch
            samples = batch.samples
            conditionSamples = batch.conditionSamples
            images = Array(batch.images)
            conditions = Array(batch.conditions)
        }
    }

    private func level(_ value: Float) -> Int { Int(((value + 1) * 127.5).rounded()) }

    @Test func domainsAreDrawnByOrdersOfTheirOwn() throws {
        let folder = try TemporaryFolder()
        try domains(a: 5, b: 8, in: folder)
        let dataset = try open(#"{"name": "unpaired", "path": "\#(folder.path)"}"#)
        #expect(dataset.count == 8 && dataset.independentConditions?.count == 5)
        #expect(dataset.sampleShape == [2, 2, 3] && dataset.conditionShape == [2, 2, 3])
        let loader = try BatchLoader(dataset: dataset, batchSize: 2, seed: 3)
        #expect(loader.batchesPerEpoch == 4)
        var copies: [Copy] = []
        for _ in 0..<40 { copies.append(Copy(try loader.next())) }
        for copy in copies {
            for row in 0..<2 {
                #expect(copy.images[row * 12..<row * 12 + 12].allSatisfy { level($0) == 200 + copy.samples[row] })
                let condition = copy.conditionSamples[row]
                #expect(copy.conditions[row * 12..<row * 12 + 12].allSatisfy { level($0) == 100 + condition })
            }
        }
        // Epochs of four batches of samples, of two batches of conditions (the fifth is left out).
        for epoch in 0..<10 {
            #expect(Set(copies[4 * epoch..<4 * epoch + 4].flatMap(\.samples)).count == 8)
        }
        for epoch in 0..<20 {
            #expect(Set(copies[2 * epoch..<2 * epoch + 2].flatMap(\.conditionSamples)).count == 4)
        }
        #expect(Set(copies.flatMap(\.conditionSamples)).count == 5)
    }

    @Test func conditionsDependOnSeedAndBatchAlone() throws {
        let folder = try TemporaryFolder()
        try domains(a: 7, b: 5, in: folder)
        let dataset = try open(
            #"{"name": "unpaired", "path": "\#(folder.path)", "transforms": [{"type": "random-crop", "size": 1}]}"#)
        func batches(_ indices: some Sequence<Int>, seed: UInt64 = 4, workers: Int = 1) throws -> [Copy] {
            let loader = try BatchLoader(dataset: dataset, batchSize: 2, seed: seed, workers: workers)
            return try indices.map { Copy(try loader.next(at: $0)) }
        }
        let reference = try batches(0..<20)
        #expect(try batches(0..<20, workers: 3) == reference)
        let places = [13, 2, 19, 0, 6, 6, 7]
        #expect(try batches(places) == places.map { reference[$0] })
        #expect(try batches(0..<20, seed: 5).map(\.conditionSamples) != reference.map(\.conditionSamples))
    }

    @Test func equallyLargeDomainsHaveDifferentOrdersAndDraws() throws {
        let samples = try BatchOrder(sampleCount: 50, batchSize: 5, seed: 1)
        let conditions = try BatchOrder(sampleCount: 50, batchSize: 5, seed: 1, role: .conditions)
        #expect(samples.permutation(ofEpoch: 0) != conditions.permutation(ofEpoch: 0))
        #expect(
            samples.draws(epoch: 0, positions: 0..<5, drawCount: 1)
                != conditions.draws(epoch: 0, positions: 0..<5, drawCount: 1))
    }

    @Test func keptRemainderHasAsManyConditions() throws {
        let folder = try TemporaryFolder()
        try domains(a: 4, b: 7, in: folder)
        let dataset = try open(#"{"name": "unpaired", "path": "\#(folder.path)"}"#)
        let loader = try BatchLoader(dataset: dataset, batchSize: 3, seed: 3, keepsRemainder: true)
        var sizes: [Int] = []
        for _ in 0..<3 {
            let batch = try loader.next()
            sizes.append(batch.count)
            #expect(batch.conditionSamples.count == batch.count)
            #expect(batch.conditions.count == batch.count * 12)
        }
        #expect(sizes == [3, 3, 1])
        #expect(throws: DatasetError.tooFewConditions(batchSize: 5, conditions: 4)) {
            _ = try BatchLoader(dataset: dataset, batchSize: 5, seed: 3)
        }
    }

    @Test func testDomainsAreFoundAndMissingOnesNamed() throws {
        let folder = try TemporaryFolder()
        try domains(a: 2, b: 3, in: folder)
        let name = #""name": "unpaired", "path": "\#(folder.path)""#
        #expect(throws: DatasetError.noTestSplit(origin: folder.path)) { _ = try open(#"{\#(name), "split": "test"}"#) }
        try domains(a: 1, b: 2, prefix: "test", in: folder)
        let test = try open(#"{\#(name), "split": "test"}"#)
        #expect(test.count == 2 && test.independentConditions?.count == 1)
        let held = try open(#"{\#(name), "split": "validation", "holdout": 0.4}"#)
        #expect(held.count == 1 && held.independentConditions?.count == 1)
        let few = try open(#"{\#(name), "limit": 2}"#)
        #expect(few.count == 2 && few.independentConditions?.count == 2)
        try FileManager.default.removeItem(atPath: folder.path + "/trainB")
        #expect(throws: DatasetError.noDomain(path: folder.path + "/trainB")) { _ = try open(#"{\#(name)}"#) }
    }

    /// Images of 2x4: the left half of image i is i, the right half 100 + i.
    private func pairs(_ count: Int, in folder: TemporaryFolder) throws {
        for index in 0..<count {
            let row = [UInt8](repeating: UInt8(index), count: 2) + [UInt8](repeating: UInt8(100 + index), count: 2)
            let path = try folder.write("", to: "pairs/\(10 + index).png")
            try ImageFile.writePNG(
                Image(shape: ImageShape(height: 2, width: 4, channels: 1), pixels: row + row), path: path)
        }
    }

    @Test(arguments: ["left", "right"]) func pairsCanBeParted(input: String) throws {
        let folder = try TemporaryFolder()
        try pairs(12, in: folder)
        let section = #""name": "pairs", "path": "\#(folder.path)/pairs", "input": "\#(input)""#
        let paired = try open("{\(section)}")
        let parted = try open(#"{\#(section), "unpaired": true}"#)
        #expect(parted.count == 12 && parted.sampleShape == [2, 2, 3] && parted.conditionShape == [2, 2, 3])
        let (target, condition) = input == "left" ? (100, 0) : (0, 100)
        var meetings = 0
        for (dataset, isPaired) in [(paired, true), (parted, false)] {
            let loader = try BatchLoader(dataset: dataset, batchSize: 4, seed: 2)
            for _ in 0..<9 {
                let batch = try loader.next()
                for row in 0..<4 {
                    let (sample, other) = (batch.samples[row], batch.conditionSamples[row])
                    #expect(batch.images[row * 12..<row * 12 + 12].allSatisfy { level($0) == target + sample })
                    #expect(batch.conditions[row * 12..<row * 12 + 12].allSatisfy { level($0) == condition + other })
                    if isPaired { #expect(sample == other) } else if sample == other { meetings += 1 }
                }
            }
        }
        #expect(meetings < 12, "36 draws of independent orders meet three times on average")
    }

    @Test func partedPairsStayInTheirSplit() throws {
        let folder = try TemporaryFolder()
        try pairs(10, in: folder)
        func levels(_ split: String) throws -> Set<Int> {
            let dataset = try open(
                #"{"name": "pairs", "path": "\#(folder.path)/pairs", "unpaired": true, "holdout": 0.3, "#
                    + #""split": "\#(split)"}"#)
            let conditions = try #require(dataset.independentConditions)
            let samples = try dataset.samples(0..<dataset.count).values.map(level)
            return Set(samples + (try conditions.samples(0..<conditions.count).values.map { level($0) - 100 }))
        }
        let (train, test) = (try levels("train"), try levels("test"))
        #expect(test.count == 3 && train.count == 7 && train.isDisjoint(with: test))
    }

    @Test(arguments: [
        (
            #"{"name": "unpaired"}"#, "test.json:1: name: 'unpaired' needs the key 'path', the folder of the images"
        ),
        (
            #"{"name": "unpaired", "path": "a", "classes": [0]}"#,
            "test.json:1: classes: 'unpaired' has domains, not classes"
        ),
        (
            #"{"name": "unpaired", "path": "a", "input": "left"}"#, "test.json:1: input: 'unpaired' has no pairs"
        ),
        (
            #"{"name": "folder", "path": "a", "unpaired": true}"#, "test.json:1: unpaired: 'folder' has no pairs"
        ),
    ]) func badSectionIsRefusedWithItsPlace(text: String, expected: String) {
        #expect(message { _ = try open(text) } == expected)
    }

    @Test func setsWithoutPairsCannotBeParted() throws {
        let project = try TinyProject()
        _ = try project.fetcher().fetch(from: project.path + "/mirror")
        let text = #"{"name": "tiny", "unpaired": true}"#
        let configuration = try ConfigReader.decode(
            DatasetConfiguration.self, from: ConfigNode.parse(text, file: "test.json")
        ).value
        #expect(throws: DatasetError.notPairs(origin: "tiny")) {
            _ = try configuration.open(searchPath: project.searchPath)
        }
    }

    /// Both domains together stay below the limit.
    @Test func memoryIsSharedByTheDomains() throws {
        let folder = try TemporaryFolder()
        for domain in ["A", "B"] {
            for index in 0..<12 {
                try folder.writeImage("train\(domain)/\(10 + index).png", value: 1, height: 256, width: 256)
            }
        }
        func kept(_ limit: Int) throws -> [Int] {
            let dataset = try open(
                #"{"name": "unpaired", "path": "\#(folder.path)", "memoryLimit": \#(limit)}"#)
            let unpaired = try #require(dataset as? UnpairedImages)
            return [unpaired.samples, unpaired.conditions].map { ($0 as? ImageDataset)?.keptBytes ?? -1 }
        }
        let bytes = 12 * 256 * 256 * 3
        #expect(try kept(5) == [bytes, bytes])
        #expect(try kept(4) == [bytes, 0])
        #expect(try kept(2) == [0, 0])
    }
}
