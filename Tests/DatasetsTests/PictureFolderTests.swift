import Foundation
import Testing

@testable import Datasets

@Suite struct PictureFolderTests {
    @Test func classFoldersAreSortedAndNumbered() throws {
        let folder = try TemporaryFolder()
        for (name, value) in [("zebra/b.png", 1), ("ape/10.png", 2), ("ape/9.PNG", 3), ("ape/.hidden.png", 4)] {
            try folder.writePicture(name, value: UInt8(value))
        }
        try folder.write("ape/notes.txt", "no picture")
        try folder.write("empty/notes.txt", "no picture")
        let pictures = try PictureFolder(path: folder.path)
        #expect(pictures.files == ["ape/10.png", "ape/9.PNG", "zebra/b.png"])
        #expect(pictures.labels == [0, 0, 1])
        #expect(pictures.classNames == ["ape", "zebra"])
        let scratch = PictureScratch()
        try pictures.read(2, scratch: scratch)
        #expect(scratch.front.pixels == [UInt8](repeating: 1, count: 12))
    }

    @Test func looseFilesHaveNoLabelsAndGreyBecomesRGB() throws {
        let folder = try TemporaryFolder()
        try folder.writePicture("b.png", value: 8, channels: 1)
        try folder.writePicture("a.png", value: 7)
        let pictures = try PictureFolder(path: folder.path)
        #expect(pictures.files == ["a.png", "b.png"])
        #expect(pictures.labels == nil)
        let scratch = PictureScratch()
        try pictures.read(1, scratch: scratch)
        #expect(scratch.front.shape == pictures.shape)
        #expect(scratch.front.pixels == [UInt8](repeating: 8, count: 12))
    }

    @Test func unusableFoldersAreErrors() throws {
        let folder = try TemporaryFolder()
        #expect(throws: DatasetError.noPictures(path: folder.path)) { _ = try PictureFolder(path: folder.path) }
        try folder.writePicture("a.png", value: 1)
        try folder.writePicture("class/b.png", value: 1)
        #expect(throws: DatasetError.looseFiles(path: folder.path, file: "a.png", folder: "class")) {
            _ = try PictureFolder(path: folder.path)
        }
        #expect(message { _ = try PictureFolder(path: folder.path + "/no") }.contains("no such folder"))
    }

    @Test func damagedPictureIsNamedWhenItIsRead() throws {
        let folder = try TemporaryFolder()
        try folder.writePicture("a.png", value: 1)
        let bad = try folder.write("b.png", "not a picture")
        let dataset = try PictureDataset.plain(PictureFolder(path: folder.path))
        #expect(throws: DatasetError.badPicture(path: bad, reason: "neither a PNG nor a JPEG")) {
            _ = try dataset.samples([0, 1])
        }
    }

    @Test func picturesOfOtherSizesNeedAResize() throws {
        let folder = try TemporaryFolder()
        try folder.writePicture("a.png", value: 10, height: 4, width: 4)
        let other = try folder.writePicture("b.png", value: 20, height: 5, width: 4)
        let source = try PictureFolder(path: folder.path)
        let text = message { _ = try PictureDataset.plain(source).samples([1]) }
        #expect(
            text == "\(other): is 5x4x3 after the transforms, the first picture is 4x4x3; "
                + "add a transform such as {\"type\": \"resize\", \"size\": 4}")
        let resize = PictureTransform.resize(height: 2, width: 2, filter: .bilinear, cover: false)
        let dataset = try PictureDataset.plain(source, transforms: [resize])
        let samples = try dataset.samples([0, 1])
        #expect(samples.shape == [2, 2, 2, 3])
        #expect(samples.values[0] == Float(10) / 127.5 - 1)
        #expect(samples.values[12] == Float(20) / 127.5 - 1)
    }

    @Test(arguments: PicturePairs.Side.allCases) func pairsAreHalved(input: PicturePairs.Side) throws {
        let folder = try TemporaryFolder()
        // Left half 1, right half 2; the second file the other way round.
        let shape = PictureShape(height: 2, width: 4, channels: 1)
        for (name, row) in [("a", [1, 1, 2, 2]), ("b", [2, 2, 1, 1])] as [(String, [UInt8])] {
            let pixels = row + row
            try PictureFile.writePNG(Picture(shape: shape, pixels: pixels), path: folder.path + "/\(name).png")
        }
        let pairs = try PicturePairs(path: folder.path, input: input)
        #expect(pairs.shape == PictureShape(height: 2, width: 2, channels: 6))
        let dataset = try PictureDataset.plain(pairs)
        #expect(dataset.sampleShape == [2, 2, 3])
        #expect(dataset.conditionShape == [2, 2, 3])
        let loader = try BatchLoader(dataset: dataset, batchSize: 2, seed: 1)
        let batch = try loader.next()
        for (row, sample) in batch.samples.enumerated() {
            let left: Float = sample == 0 ? 1 : 2
            let (target, condition) = input == .right ? (left, 3 - left) : (3 - left, left)
            #expect(batch.images[row * 12..<row * 12 + 12].allSatisfy { $0 == target / 127.5 - 1 })
            #expect(batch.conditions[row * 12..<row * 12 + 12].allSatisfy { $0 == condition / 127.5 - 1 })
        }
    }

    @Test func oddPairIsAnError() throws {
        let folder = try TemporaryFolder()
        let path = try folder.writePicture("a.png", value: 1, height: 2, width: 3)
        #expect(throws: DatasetError.oddPair(path: path, width: 3)) {
            _ = try PicturePairs(path: folder.path, input: .left)
        }
    }
}

extension PictureDataset {
    /// All pictures of a source.
    static func plain(
        _ source: any PictureSource, transforms: [PictureTransform] = [], memoryLimit: Int = 1 << 20
    ) throws -> PictureDataset {
        let selection = try SampleSelection(
            count: source.count, labels: source.labels, classNames: source.classNames, origin: "test")
        return try PictureDataset(
            source: source, selection: selection, transforms: transforms, memoryLimit: memoryLimit)
    }
}
