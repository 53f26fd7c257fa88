import AgonConfiguration
import AgonDatasets
import AgonTensors
import Testing

@Suite struct BalancedSubsetTests {
    /// Ten images of 2x2, image i filled with i, labels 0 1 2 0 1 2 0 1 2 0.
    private func whole(_ transforms: [ImageTransform] = []) throws -> ImageDataset {
        try ImageDataset.plain(BatchLoaderTests.digits, transforms: transforms)
    }

    @Test func firstSamplesOfEachClassAreTaken() throws {
        let subset = try BalancedSubset(of: whole(), size: 6)
        #expect(subset.indices == [0, 1, 2, 3, 4, 5])
        #expect(subset.labels == [0, 1, 2, 0, 1, 2])
        #expect(subset.classNames == ["a", "b", "c"])
        #expect(subset.sampleShape == [2, 2, 1])
        let uneven = try BalancedSubset(of: whole(), size: 4)
        #expect(uneven.indices == [0, 1, 2, 3], "the rest goes to the first classes")
        let lopsided = StoredImages(
            origin: "test", shape: ImageShape(height: 1, width: 1, channels: 1), pixels: [0, 1, 2, 3, 4, 5, 6],
            labels: [1, 1, 1, 0, 1, 0, 0], classNames: ["a", "b"])
        let even = try BalancedSubset(of: ImageDataset.plain(lopsided), size: 4)
        #expect(even.indices == [0, 1, 3, 5])
        #expect(even.labels == [1, 1, 0, 0])
        #expect(try even.samples([3, 0]).values == [Float(5) / 127.5 - 1, -1])
    }

    @Test func batchesAreThoseOfTheChosenSamples() throws {
        let subset = try BalancedSubset(of: whole([.mirror]), size: 3)
        let loader = try BatchLoader(dataset: subset, batchSize: 3, seed: 2)
        for _ in 0..<4 {
            let batch = try loader.next()
            #expect(Set(batch.samples) == [0, 1, 2])
            for (row, sample) in batch.samples.enumerated() {
                #expect(batch.images[row * 4] == Float(sample) / 127.5 - 1)
                #expect(batch.labels[row] == Int32(sample))
            }
        }
    }

    @Test func impossibleSubsetsAreErrors() throws {
        let images = try whole()
        #expect(throws: DatasetError.subsetTooSmall(size: 2, classes: 3)) {
            _ = try BalancedSubset(of: images, size: 2)
        }
        #expect(throws: DatasetError.tooFewOfClass("b", samples: 3, needed: 4)) {
            _ = try BalancedSubset(of: images, size: 11)
        }
        let unlabelled = StoredImages(
            origin: "test", shape: ImageShape(height: 1, width: 1, channels: 1), pixels: [0, 1], labels: nil,
            classNames: [])
        #expect(throws: DatasetError.unlabelledSubset) {
            _ = try BalancedSubset(of: ImageDataset.plain(unlabelled), size: 2)
        }
    }

    @Test func imagesAndMixturesHaveSubsets() throws {
        let project = try TinyProject()
        _ = try project.fetcher().fetch(from: project.path + "/mirror")
        func open(_ text: String) throws -> any Dataset {
            try ConfigReader.decode(DatasetConfiguration.self, from: ConfigNode.parse(text, file: "test.json")).value
                .open(searchPath: project.searchPath)
        }
        let tiny = try open(#"{"name": "tiny"}"#)
        let subset = try BalancedSubset(of: tiny, size: 2)
        #expect(tiny.count == 4 && subset.count == 2 && subset.labels == [0, 1])
        let mixture = try BalancedSubset(of: open(#"{"name": "gaussians-8", "count": 1000}"#), size: 16)
        #expect(mixture.mixture?.centres.count == 8)
        let labels = try #require(mixture.labels)
        #expect((0..<8).allSatisfy { mode in labels.count { $0 == mode } == 2 })
    }

    @Test func labelsBecomeVectors() throws {
        let batch = try BatchLoader(dataset: try whole(), batchSize: 5, seed: 4).next()
        var vectors = [Float](repeating: 7, count: 5 * 4)
        vectors.withUnsafeMutableBufferPointer { batch.writeOneHotLabels(classCount: 4, into: $0) }
        for row in 0..<5 {
            #expect((0..<4).allSatisfy { vectors[row * 4 + $0] == ($0 == Int(batch.labels[row]) ? 1 : 0) })
        }
    }
}
