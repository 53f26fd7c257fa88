import AgonConfiguration
import AgonDatasets
import AgonText

/// Errors of sampling a run.
public enum SamplingError: Error, Equatable, Sendable {
    /// A latent expression with a syntax error or without a value; columns count from 1.
    case malformedExpression(text: String, column: Int, problem: String)
    /// An expression names a latent that the run does not have.
    case unknownLatent(String, text: String, column: Int, run: String, existing: [String])
    /// A malformed latent assignment or list of samples.
    case malformedAssignment(text: String, problem: String)
    case latentExists(path: String)
    /// A saved latent that does not fit the run.
    case badLatent(path: String, problem: String)
    /// A run whose generator needs more than latents.
    case cannotSample(folder: String, reason: String)
    /// A run whose generator needs more than latents, and so cannot be written for others.
    case cannotExport(folder: String, reason: String)
    /// A path whose ending is not a form of output.
    case unknownOutput(path: String)
    /// A path whose ending is not a form of animation.
    case unknownAnimation(path: String)
    /// Neither the folder of a run nor the name of a model.
    case unknownModel(String, nearest: String?)
    /// A model where a whole run is needed; `remedy` says what to do instead.
    case isModel(String, remedy: String)
    /// A run that has drawn no grids yet.
    case noGrids(folder: String)
    /// A folder for numbered images with a file in it.
    case folderNotEmpty(path: String, file: String)
    /// Truncation of latents that are not normal numbers.
    case badTruncation(distribution: String)
    /// A generator that has no standing statistics.
    case noStandingStatistics(reason: String)
    /// A grid option with an output that is not a grid.
    case notGrid(path: String, option: String)
    /// More samples than the pixels of one image show.
    case gridTooLarge(height: Int, width: Int, isOfStrips: Bool)
    /// Another process writes samples into the folder.
    case folderBusy(path: String)
    /// A label that is neither the number nor the name of a class.
    case unknownLabel(String, nearest: String?, classes: [String])
    /// Points that are to be written as images.
    case notImages(path: String)
    /// An ending other than that of an image, for samples beside training images.
    case notOneImage(path: String)
    /// Points that are to be drawn beside training images.
    case noNeighbours(folder: String)
    /// A split that the run's data do not have.
    case noSplit(DatasetSplit, folder: String)
    /// A class that the run does not have, or a missing required class.
    case badLabel(String?, folder: String, classes: Int?)
    /// Samples that hold NaN or an infinite value.
    case notFinite(count: Int, of: Int)
}

extension SamplingError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .notFinite(let count, let all):
            "\(count) of \(CountText.short(all, "sample")) hold NaN or an infinite value: the generator's weights have diverged; "
                + "take an earlier checkpoint, or train again with a lower learning rate"
        case .malformedExpression(let text, let column, let problem): pointing(problem, text, column)
        case .unknownLatent(let name, let text, let column, let run, let existing):
            pointing(
                "no latent is saved as '\(name)'"
                    + (nearestName(to: name, in: existing).map { ". Did you mean '\($0)'?" } ?? ".")
                    + (existing.isEmpty
                        ? " None are saved yet; save one: \(CommandText.agon("sample \(run) --save \(name)=NUMBER"))"
                        : " Saved: \(existing.joined(separator: ", "))"),
                text, column)
        case .malformedAssignment(let text, let problem): "'\(text)': \(problem)"
        case .latentExists(let path): "\(path): already exists; choose another name, or replace it with --replace"
        case .badLatent(let path, let problem): "\(path): not a usable latent: \(problem)"
        case .cannotSample(let folder, let reason):
            "\(folder): cannot be sampled: \(reason). The run's own grids are in \(folder)/samples"
        case .cannotExport(let folder, let reason):
            "\(folder): cannot be exported: \(reason). Draw its images with: \(CommandText.agon("sample \(folder)"))"
        case .unknownOutput(let path):
            "\(path): samples are written as one image (.png), as an array (.npy), or as numbered images into a folder "
                + "(DIR/)"
        case .unknownAnimation(let path): "\(path): an animation is a .png (APNG) or a .gif"
        case .unknownModel(let name, let nearest):
            "\(name): no run is in a folder of this name, and no model of this name comes with Agon."
                + (nearest.map { " Did you mean '\($0)'?" } ?? "")
                + " List models with: \(CommandText.agon("models")); runs with: \(CommandText.agon("runs"))"
        case .isModel(let name, let remedy):
            "\(name): a model that comes with Agon: a generator without the discriminator and the logs of its run; "
                + remedy
        case .noGrids(let folder): "\(folder): contains no grids of samples to animate"
        case .folderNotEmpty(let path, let file):
            "\(path): holds '\(file)'; choose a new or an empty folder, or remove its files"
        case .badTruncation(let distribution):
            "--truncation: the run's latents are '\(distribution)'; only normal ones can be truncated"
        case .noStandingStatistics(let reason): "standing statistics: \(reason); leave them out"
        case .notGrid(let path, let option): "\(path): \(option) is for a grid of images (.png); leave it out"
        case .gridTooLarge(let height, let width, let isOfStrips):
            "a grid of \(height) x \(width) pixels is too large for one image; take fewer samples (--count)"
                + (isOfStrips ? "" : ", or write numbered images (--out DIR/)")
        case .folderBusy(let path):
            "\(path): another process writes samples into this folder; choose another one, or wait for it to end"
        case .unknownLabel(let label, let nearest, let classes):
            "--label \(label): no class has this name." + (nearest.map { " Did you mean '\($0)'?" } ?? "")
                + " Classes: " + classes.prefix(20).joined(separator: ", ")
                + (classes.count > 20 ? " and \(classes.count - 20) more" : "")
        case .notImages(let path):
            "\(path): the samples are points, not images; write an array (.npy) or one plot (.png)"
        case .notOneImage(let path):
            "\(path): samples beside training images are written as one image; give a path that ends in .png"
        case .noNeighbours(let folder):
            "\(folder): the samples are points; only images are compared with training images (--neighbours)"
        case .noSplit(let split, let folder):
            "--split \(split.rawValue): the data of \(folder) have no such samples; leave it out"
        case .badLabel(let label, let folder, nil):
            "--label \(label ?? "0"): samples of \(folder) have no label; leave it out"
        case .badLabel(let label?, _, let classes?): "--label \(label): expected a label from 0 to \(classes - 1)"
        case .badLabel(nil, let folder, let classes?):
            "samples of \(folder) have labels; choose one with --label, from 0 to \(classes - 1)"
        }
    }
}
