import AgonDatasets
import AgonTensors
import Foundation
import Synchronization
import Testing

@Suite struct BatchLoaderTests {
    /// Ten images of 2x2, image i filled with i, label i mod 3.
    static let digits = StoredImages(
        origin: "test", shape: ImageShape(height: 2, width: 2, channels: 1),
        pixels: (0..<10).flatMap { [UInt8](repeating: UInt8($0), count: 4) }, labels: (0..<10).map { Int32($0 % 3) },
        classNames: ["a", "b", "c"])

    /// What a batch holds, in a form that outlives it.
    private struct Copy: Equatable {
        let index: Int
        let epoch: Int
        let samples: [Int]
        let images: [Float]
        let labels: [Int32]

        init(_ batch: Batch) {
            index = batch.index
            epoch = batch.epoch
            samples = batch.samples
            images = Array(batch.images)
            labels = Array(batch.labels)
        }
    }

    private func batches(_ count: Int, from loader: BatchLoader) throws -> [Copy] {
        try (0..<count).map { _ in Copy(try loader.next()) }
    }

    @Test func batchHoldsPixelsAndLabelsOfItsSamples() throws {
        let loader = try BatchLoader(dataset: try ImageDataset.plain(Self.digits), batchSize: 4, seed: 3)
        for _ in 0..<5 {
            let batch = try loader.next()
            #expect(batch.count == 4)
            for (row, sample) in batch.samples.enumerated() {
                let expected = Float(sample) / 127.5 - 1
                #expect(batch.images[row * 4..<row * 4 + 4].allSatisfy { $0 == expected })
                #expect(batch.labels[row] == Int32(sample % 3))
            }
        }
    }

    @Test func epochIsAPermutationAndDropsTheRest() throws {
        let loader = try BatchLoader(dataset: try ImageDataset.plain(Self.digits), batchSize: 4, seed: 3)
        #expect(loader.batchesPerEpoch == 2)
        let copies = try batches(4, from: loader)
        #expect(copies.map(\.epoch) == [0, 0, 1, 1])
        #expect(Set(copies[0].samples + copies[1].samples).count == 8)
        #expect(copies[0].samples + copies[1].samples != copies[2].samples + copies[3].samples)
    }

    @Test func keptRemainderCompletesTheEpoch() throws {
        let loader = try BatchLoader(
            dataset: try ImageDataset.plain(Self.digits), batchSize: 4, seed: 3, keepsRemainder: true)
        let copies = try batches(3, from: loader)
        #expect(copies.map(\.samples.count) == [4, 4, 2])
        #expect(copies[2].images.count == 2 * 4)
        #expect(copies.flatMap(\.samples).sorted() == Array(0..<10))
    }

    @Test func orderDependsOnTheSeedAlone() throws {
        let transforms: [ImageTransform] = [.randomCrop(height: 2, width: 2, padding: 1), .mirror]
        let dataset = try ImageDataset.plain(Self.digits, transforms: transforms)
        let reference = try batches(9, from: try BatchLoader(dataset: dataset, batchSize: 3, seed: 7))
        for (workers, ahead) in [(1, 1), (3, 2), (4, 8)] {
            let loader = try BatchLoader(dataset: dataset, batchSize: 3, seed: 7, ahead: ahead, workers: workers)
            #expect(try batches(9, from: loader) == reference, "\(workers) workers")
        }
        let other = try batches(9, from: try BatchLoader(dataset: dataset, batchSize: 3, seed: 8))
        #expect(other.map(\.samples) != reference.map(\.samples))
    }

    @Test func orderIsPinned() throws {
        // A change of these numbers changes every published run.
        let order = try BatchOrder(sampleCount: 10, batchSize: 5, seed: 0)
        #expect(order.permutation(ofEpoch: 0) == [5, 7, 6, 9, 4, 1, 0, 3, 8, 2])
        #expect(order.permutation(ofEpoch: 1) == [2, 7, 5, 8, 4, 9, 3, 6, 1, 0])
    }

    @Test func anEpochMayKeepTheOrderOfTheFiles() throws {
        let order = try BatchOrder(sampleCount: 5, batchSize: 2, seed: 0, order: .file)
        #expect(order.permutation(ofEpoch: 0) == [0, 1, 2, 3, 4] && order.permutation(ofEpoch: 7) == [0, 1, 2, 3, 4])
        let loader = try BatchLoader(
            dataset: try ImageDataset.plain(Self.digits), batchSize: 4, seed: 3, order: .file)
        #expect(try batches(3, from: loader).map(\.samples) == [[0, 1, 2, 3], [4, 5, 6, 7], [0, 1, 2, 3]])
    }

    /// Every sample once in each epoch, and no two epochs alike.
    @Test func epochsAreFreshPermutations() throws {
        let order = try BatchOrder(sampleCount: 500, batchSize: 50, seed: 4)
        let epochs = (0..<20).map(order.permutation)
        #expect(epochs.allSatisfy { $0.sorted() == Array(0..<500) })
        #expect(Set(epochs).count == 20)
        // Where a sample stands in one epoch says nothing of where it stands in the next: 6 standard errors of
        // 19 * 500.
        let products = zip(epochs, epochs.dropFirst()).flatMap { first, second in
            zip(first, second).map { (Double($0) - 249.5) * (Double($1) - 249.5) }
        }
        let variance = (500.0 * 500 - 1) / 12
        let correlation = products.reduce(0, +) / Double(products.count) / variance
        #expect(abs(correlation) < 6 / Double(products.count).squareRoot())
    }

    @Test func seekingEqualsGoingThere() throws {
        let dataset = try ImageDataset.plain(
            Self.digits, transforms: [.randomCrop(height: 1, width: 1, padding: 0), .mirror])
        let all = try batches(20, from: try BatchLoader(dataset: dataset, batchSize: 3, seed: 5))
        let loader = try BatchLoader(dataset: dataset, batchSize: 3, seed: 5, position: 13, workers: 2)
        #expect(loader.position == 13)
        #expect(try batches(3, from: loader) == Array(all[13..<16]))
        #expect(loader.position == 16)
        for index in [2, 19, 0, 7, 7, 8, 1] {
            #expect(Copy(try loader.next(at: index)) == all[index])
        }
    }

    @Test func cachedImagesEqualUncachedOnes() throws {
        let resize = ImageTransform.resize(height: 5, width: 3, filter: .bicubic, fit: .stretch)
        let kept = try ImageDataset.plain(Self.digits, transforms: [resize, .mirror])
        let uncached = try ImageDataset.plain(Self.digits, transforms: [resize, .mirror], memoryLimit: 0)
        #expect(kept.residentBytes == uncached.residentBytes + 10 * 15)
        let first = try batches(12, from: try BatchLoader(dataset: kept, batchSize: 3, seed: 1, workers: 2))
        let second = try batches(12, from: try BatchLoader(dataset: uncached, batchSize: 3, seed: 1))
        #expect(first == second)
    }

    /// A set whose sample 6 cannot be read.
    private struct Faulty: Dataset {
        let count = 10
        let sampleShape: Shape = [1]
        let labels: [Int32]? = nil
        let classNames: [String] = []
        let residentBytes = 0

        func write(
            _ index: Int, draws: UnsafeBufferPointer<UInt32>, sample: UnsafeMutableBufferPointer<Float>,
            condition: UnsafeMutableBufferPointer<Float>, scratch: ImageScratch
        ) throws {
            if index == 6 { throw DatasetError.badImage(path: "six.png", reason: "torn") }
            sample[0] = Float(index)
        }
    }

    @Test(arguments: [1, 3]) func errorArrivesWithItsBatchAndAgain(workers: Int) throws {
        let loader = try BatchLoader(dataset: Faulty(), batchSize: 2, seed: 2, workers: workers)
        let order = try BatchOrder(sampleCount: 10, batchSize: 2, seed: 2)
        let position = try #require(order.permutation(ofEpoch: 0).firstIndex(of: 6))
        for _ in 0..<position / 2 { _ = try loader.next() }
        let expected = DatasetError.badImage(path: "six.png", reason: "torn")
        #expect(throws: expected) { _ = try loader.next() }
        #expect(throws: expected) { _ = try loader.next() }
        loader.seek(to: position / 2 + 1)
        if position / 2 + 1 < 5 { #expect(try loader.next().index == position / 2 + 1) }
    }

    @Test func loadersEndCleanly() throws {
        let dataset = try ImageDataset.plain(Self.digits)
        for round in 0..<50 {
            let loader = try BatchLoader(dataset: dataset, batchSize: 2, seed: 1, workers: 1 + round % 3)
            for _ in 0..<round % 4 { _ = try loader.next() }
            if round % 2 == 0 { loader.stop() }
        }
    }

    @Test func batchLargerThanTheSetIsAnError() throws {
        let dataset = try ImageDataset.plain(Self.digits)
        #expect(throws: DatasetError.batchTooLarge(batchSize: 11, samples: 10)) {
            _ = try BatchLoader(dataset: dataset, batchSize: 11, seed: 1)
        }
    }
}
