import AgonTestFiles
import Foundation
import Testing

@testable import AgonDatasets

@Suite struct ImageFolderTests {
    @Test func classFoldersAreSortedAndNumbered() throws {
        let folder = try TemporaryFolder()
        for (name, value) in [("zebra/b.png", 1), ("ape/10.png", 2), ("ape/9.PNG", 3), ("ape/.hidden.png", 4)] {
            try folder.writeImage(name, value: UInt8(value))
        }
        try folder.write("no image", to: "ape/notes.txt")
        try folder.write("no image", to: "empty/notes.txt")
        let images = try ImageFolder(path: folder.path)
        #expect(images.files == ["ape/10.png", "ape/9.PNG", "zebra/b.png"])
        #expect(images.labels == [0, 0, 1])
        #expect(images.classNames == ["ape", "zebra"])
        let scratch = ImageScratch()
        try images.read(2, scratch: scratch)
        #expect(scratch.front.pixels == [UInt8](repeating: 1, count: 12))
    }

    @Test func foldersInClassFoldersBelongToTheClass() throws {
        let folder = try TemporaryFolder()
        for (name, value) in [
            ("bedroom/1/0/a.png", 1), ("bedroom/0/z.png", 2), ("bedroom/10.png", 3), ("church/x/y/z/b.png", 4),
            ("church/.cache/c.png", 5), (".checkpoints/d.png", 6),
        ] {
            try folder.writeImage(name, value: UInt8(value))
        }
        // A way back up, which must not be walked for ever, and a class that is a link.
        let files = FileManager.default
        try files.createSymbolicLink(atPath: folder.path + "/bedroom/up", withDestinationPath: folder.path)
        try files.createSymbolicLink(atPath: folder.path + "/chapel", withDestinationPath: folder.path + "/church/x")
        let images = try ImageFolder(path: folder.path)
        #expect(images.classNames == ["bedroom", "chapel", "church"])
        let bedroom = images.files.filter { $0.hasPrefix("bedroom/") && !$0.hasPrefix("bedroom/up/") }
        #expect(bedroom == ["bedroom/0/z.png", "bedroom/1/0/a.png", "bedroom/10.png"])
        #expect(images.files.filter { $0.hasPrefix("ch") } == ["chapel/y/z/b.png", "church/x/y/z/b.png"])
        #expect(images.labels?.count == images.files.count && images.labels?.last == 2)
        #expect(ImageFolder.holdsImages(folder.path + "/church"))
        #expect(!ImageFolder.holdsImages(folder.path + "/church/.cache/none"))
    }

    @Test func namesAreSortedByTheirBytes() {
        let names = ["b", "", "a\u{301}", "á", "a", "B", "ab", "\u{1F600}", "\u{FFFD}"]
        #expect(sorted(names) == ["", "B", "a", "ab", "a\u{301}", "b", "á", "\u{FFFD}", "\u{1F600}"])
    }

    @Test func looseFilesHaveNoLabelsAndGreyBecomesRGB() throws {
        let folder = try TemporaryFolder()
        try folder.writeImage("b.png", value: 8, channels: 1)
        try folder.writeImage("a.png", value: 7)
        let images = try ImageFolder(path: folder.path)
        #expect(images.files == ["a.png", "b.png"])
        #expect(images.labels == nil)
        let scratch = ImageScratch()
        try images.read(1, scratch: scratch)
        #expect(scratch.front.shape == images.shape)
        #expect(scratch.front.pixels == [UInt8](repeating: 8, count: 12))
    }

    @Test func unusableFoldersAreErrors() throws {
        let folder = try TemporaryFolder()
        #expect(throws: DatasetError.noImages(path: folder.path, leftOut: [:])) {
            _ = try ImageFolder(path: folder.path)
        }
        try folder.writeImage("a.png", value: 1)
        try folder.writeImage("class/b.png", value: 1)
        #expect(throws: DatasetError.looseFiles(path: folder.path, file: "a.png", folder: "class")) {
            _ = try ImageFolder(path: folder.path)
        }
        #expect(message { _ = try ImageFolder(path: folder.path + "/no") }.contains("no such folder"))
    }

    @Test func imageDamagedLaterIsNamedWhenItIsRead() throws {
        let folder = try TemporaryFolder()
        try folder.writeImage("a.png", value: 1)
        let bad = try folder.writeImage("b.png", value: 1)
        let dataset = try ImageDataset.plain(ImageFolder(path: folder.path))
        try folder.write("not an image", to: "b.png")
        #expect(throws: DatasetError.badImage(path: bad, reason: "not a PNG, JPEG, WebP, TIFF, GIF or BMP")) {
            _ = try dataset.samples([0, 1])
        }
    }

    /// Sizes, colours and formats of all kinds become samples of one shape.
    @Test(arguments: ["stretch", "cover"]) func mixedImagesBecomeEqual(fit: String) throws {
        let folder = try TemporaryFolder()
        var expected: [UInt8] = []
        let sizes = [(70, 90), (300, 200), (64, 64), (1, 500), (257, 3), (65, 64)]
        for (index, (height, width)) in sizes.enumerated() {
            let shape = ImageShape(height: height, width: width, channels: index % 2 == 0 ? 3 : 1)
            let value = UInt8(20 * index + 10)
            let image = Image(shape: shape, pixels: [UInt8](repeating: value, count: shape.count))
            let path = folder.path + "/\(index).\(index % 3 == 0 ? "jpg" : "png")"
            if index % 3 == 0 {
                try ImageFile.writeJPEG(image, path: path, quality: 100)
            } else {
                try ImageFile.writePNG(image, path: path)
            }
            expected.append(value)
        }
        let (alpha, _) = ImageFileTests.greyWithAlpha
        try folder.write(alpha, to: "6.png")
        let dataset = try ImageDataset.plain(
            ImageFolder(path: folder.path),
            transforms: [
                .resize(height: 72, width: 72, filter: .bilinear, fit: fit == "cover" ? .cover : .stretch),
                .randomCrop(height: 64, width: 64, padding: 0), .mirror,
            ])
        #expect(dataset.sampleShape == [64, 64, 3])
        let loader = try BatchLoader(dataset: dataset, batchSize: 7, seed: 1, workers: 2)
        for _ in 0..<2 {
            let batch = try loader.next()
            for (row, sample) in batch.samples.enumerated() where sample < 6 {
                let values = batch.images[row * 64 * 64 * 3..<(row + 1) * 64 * 64 * 3]
                // JPEG at quality 100 may round a level.
                let wanted = Float(expected[sample]) / 127.5 - 1
                #expect(values.allSatisfy { abs($0 - wanted) < 1.5 / 127.5 }, "image \(sample)")
            }
        }
    }

    /// A damaged or vanished file is found in the middle of training, names itself, and spares the batches before it.
    @Test(arguments: ["damaged", "vanished", "cut"]) func brokenFileEndsTrainingByName(fault: String) throws {
        let folder = try TemporaryFolder()
        for index in 0..<12 { try folder.writeImage("\(10 + index).png", value: 3, height: 20, width: 20) }
        let resize = ImageTransform.resize(height: 16, width: 16, filter: .bilinear, fit: .cover)
        let dataset = try ImageDataset.plain(ImageFolder(path: folder.path), transforms: [resize, .mirror])
        let order = try BatchOrder(sampleCount: 12, batchSize: 2, seed: 6).permutation(ofEpoch: 0)
        let broken = folder.path + "/\(10 + order[7]).png"
        switch fault {
        case "damaged": try Data("<html>404</html>".utf8).write(to: URL(fileURLWithPath: broken))
        case "vanished": try FileManager.default.removeItem(atPath: broken)
        default: try Data(try bytes(of: broken).dropLast(30)).write(to: URL(fileURLWithPath: broken))
        }
        let loader = try BatchLoader(dataset: dataset, batchSize: 2, seed: 6, workers: 2)
        for _ in 0..<3 { _ = try loader.next() }
        let text = message { _ = try loader.next() }
        #expect(text.hasPrefix(broken + ": ") && !text.contains("\n"), "\(text)")
        let reason = ["damaged": "not a PNG, JPEG", "vanished": "No such file", "cut": "PNG"][fault]
        #expect(text.contains(try #require(reason)), "\(text)")
        #expect(try loader.next(at: 4).count == 2, "other batches can still be had")
    }

    @Test func imagesOfOtherSizesNeedAResize() throws {
        let folder = try TemporaryFolder()
        try folder.writeImage("a.png", value: 10, height: 4, width: 4)
        let other = try folder.writeImage("b.png", value: 20, height: 5, width: 4)
        let source = try ImageFolder(path: folder.path)
        let text = message { _ = try ImageDataset.plain(source) }
        #expect(
            text == "\(other): is 5x4x3 after the transforms, but the first image is 4x4x3; "
                + "add a transform such as {\"type\": \"resize\", \"size\": 4}")
        let resize = ImageTransform.resize(height: 2, width: 2, filter: .bilinear, fit: .stretch)
        let dataset = try ImageDataset.plain(source, transforms: [resize])
        let samples = try dataset.samples([0, 1])
        #expect(samples.shape == [2, 2, 2, 3])
        #expect(samples.values[0] == Float(10) / 127.5 - 1)
        #expect(samples.values[12] == Float(20) / 127.5 - 1)
    }

    @Test(arguments: ImagePairs.Side.allCases) func pairsAreHalved(input: ImagePairs.Side) throws {
        let folder = try TemporaryFolder()
        // Left half 1, right half 2; the second file the other way round.
        let shape = ImageShape(height: 2, width: 4, channels: 1)
        for (name, row) in [("a", [1, 1, 2, 2]), ("b", [2, 2, 1, 1])] as [(String, [UInt8])] {
            let pixels = row + row
            try ImageFile.writePNG(Image(shape: shape, pixels: pixels), path: folder.path + "/\(name).png")
        }
        let pairs = try ImagePairs(path: folder.path, input: input)
        #expect(pairs.shape == ImageShape(height: 2, width: 2, channels: 6))
        let dataset = try ImageDataset.plain(pairs)
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
        let path = try folder.writeImage("a.png", value: 1, height: 2, width: 3)
        #expect(throws: DatasetError.oddPair(path: path, width: 3)) {
            _ = try ImagePairs(path: folder.path, input: .left)
        }
    }
}

extension ImageDataset {
    /// All images of a source.
    static func plain(
        _ source: any ImageSource, transforms: [ImageTransform] = [], memoryLimit: Int = 1 << 20
    ) throws -> ImageDataset {
        let selection = try SampleSelection(
            count: source.count, labels: source.labels, classNames: source.classNames, origin: "test")
        return try ImageDataset(
            source: source, selection: selection, transforms: transforms, memoryLimit: memoryLimit)
    }
}
