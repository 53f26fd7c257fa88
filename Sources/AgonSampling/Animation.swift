import AgonDatasets
import AgonRuns
import AgonTensors
import AgonText
import Foundation

/// Animations of a run: its grids in the course of training, and walks in latent space.
public enum Animation {
    /// The durations of a frame and of the last one, in milliseconds.
    private static let duration = (frame: 200, end: 2000)
    private static let walkDuration = 60

    /// By the ending of a path, whose folder must exist.
    ///
    /// Throws `SamplingError.unknownAnimation`, `TensorsError.cannotWrite`.
    static func format(of path: String) throws -> AnimationFile.Format {
        let name = path.lowercased()
        guard let format = AnimationFile.Format.allCases.first(where: { name.hasSuffix("." + $0.rawValue) }) else {
            throw SamplingError.unknownAnimation(path: path)
        }
        try AtomicFile.checkFolder(of: path)
        return format
    }

    /// Writes the grids that a run drew in training, in order; those of another size than the last, as stages have, are
    /// left out.
    ///
    /// - Returns: the number of frames.
    ///
    /// Throws `RunError.noRun`, `SamplingError.noGrids`, `.unknownAnimation`, `DatasetError`.
    public static func writeTraining(
        run: String, to path: String, note: (String) -> Void = { _ in }
    ) throws -> Int {
        let folder = RunFolder(path: run)
        guard folder.holdsRun else { throw RunError.noRun(folder: run) }
        let format = try format(of: path)
        let images = try folder.samples.map { try ImageFile.read(path: $0) }
        guard let last = images.last else { throw SamplingError.noGrids(folder: run) }
        let frames = images.filter { $0.shape == last.shape }
        if frames.count < images.count {
            let others = CountText.short(images.count - frames.count, "grid")
            note("\(others) of another size than the last left out, from other numbers of samples or columns")
        }
        try AnimationFile.write(
            frames.enumerated().map { ($1, $0 == frames.count - 1 ? duration.end : duration.frame) }, as: format,
            path: path)
        return frames.count
    }

    /// Writes a grid of samples whose latent vectors go along great circles from one random vector to the next, and
    /// back to the first.
    ///
    /// - Parameters:
    ///   - count: the samples of a frame.
    ///   - legs: vectors that each sample passes.
    ///   - frames: of each leg.
    /// - Returns: the number of frames.
    ///
    /// Throws `SamplingError`, `TensorsError.cannotWrite`.
    public static func writeWalk(
        _ sampling: Sampling, count: Int, legs: Int = 4, frames: Int = 15, seed: UInt64, label: Int?, threads: Int,
        to path: String
    ) throws -> Int {
        let format = try format(of: path)
        let images = try sampling.walk(
            count: count, legs: legs, frames: frames, seed: seed, label: label, threads: threads)
        try AnimationFile.write(images.map { ($0, walkDuration) }, as: format, path: path)
        return images.count
    }
}
