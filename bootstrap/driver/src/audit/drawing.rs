//! Where the boxes and lines of a drawn graph stand: steps in rows from top to bottom, and between the boxes lanes
//! for the lines that pass a row, so that no line runs behind a box.

/// A box, in pixels.
pub(super) const WIDTH: i64 = 150;
pub(super) const HEIGHT: i64 = 34;
/// The room between two rows, between two boxes, and beside a lane.
const GAP_Y: i64 = 48;
const GAP_BOX: i64 = 24;
const GAP_LANE: i64 = 12;
const MARGIN: i64 = 14;
/// So far from each other lines enter a box, where there is room.
const PORT: i64 = 12;
/// No more boxes stand side by side where it can be helped.
const MOST: usize = 6;
/// How often the order of the rows, and then the places in them, are made better.
const SWEEPS: usize = 24;

/// What has to be drawn, in pixels from the upper left.
pub(super) struct Drawing {
    pub(super) width: i64,
    pub(super) height: i64,
    /// The upper left corner of each step's box.
    pub(super) boxes: Vec<(i64, i64)>,
    /// Upright lines past a row: x, from, to.
    pub(super) lanes: Vec<(i64, i64, i64)>,
    /// Lines from one row to the next: from where, to where.
    pub(super) links: Vec<((i64, i64), (i64, i64))>,
}

/// A box, or the lane of a step's line through a row.
struct Item {
    row: usize,
    is_box: bool,
    above: Vec<usize>,
    below: Vec<usize>,
    /// The middle.
    x: i64,
}

/// Lays out steps; `inputs` has for each step those that it is made of, all of them before it.
pub(super) fn draw(inputs: &[Vec<usize>]) -> Drawing {
    let mut items = items(inputs);
    let mut rows = vec![Vec::new(); items.iter().map(|item| item.row + 1).max().unwrap_or(0)];
    for (index, item) in items.iter().enumerate() {
        rows[item.row].push(index);
    }
    order(&items, &mut rows);
    place(&mut items, &rows);
    let top = |row: usize| MARGIN + i64::try_from(row).unwrap_or(0) * (HEIGHT + GAP_Y);
    let mut drawing = Drawing {
        width: 2 * MARGIN,
        height: top(rows.len()) - GAP_Y + MARGIN,
        boxes: Vec::new(),
        lanes: Vec::new(),
        links: Vec::new(),
    };
    for item in &items {
        drawing.width = drawing.width.max(item.x + item.half() + MARGIN);
        let y = top(item.row);
        if item.is_box {
            drawing.boxes.push((item.x - WIDTH / 2, y));
        } else {
            drawing.lanes.push((item.x, y, y + HEIGHT));
        }
        let mut above = item.above.clone();
        above.sort_by_key(|other| items[*other].x);
        let count = i64::try_from(above.len()).unwrap_or(1).max(1);
        let apart = PORT.min((WIDTH - PORT) / count);
        let mut port = item.x - apart * (count - 1) / 2;
        for other in above {
            let from = (items[other].x, top(items[other].row) + HEIGHT);
            drawing.links.push((from, (port, y)));
            port += apart;
        }
    }
    drawing
}

impl Item {
    fn half(&self) -> i64 {
        if self.is_box { WIDTH / 2 } else { 0 }
    }
}

/// Who needs each step.
fn users_of(inputs: &[Vec<usize>]) -> Vec<Vec<usize>> {
    let mut users = vec![Vec::new(); inputs.len()];
    for (user, inputs) in inputs.iter().enumerate() {
        for input in inputs {
            users[*input].push(user);
        }
    }
    users
}

/// The row of each step: below the lowest of its inputs, and right above what needs it first. Of those that nobody
/// needs, some go further down where a row would be too wide for a page.
fn rows_of(inputs: &[Vec<usize>], users: &[Vec<usize>]) -> Vec<usize> {
    let mut rows: Vec<usize> = Vec::new();
    for inputs in inputs {
        let below = inputs.iter().map(|input| rows[*input] + 1).max();
        rows.push(below.unwrap_or(0));
    }
    for step in (0..inputs.len()).rev() {
        let first = users[step].iter().map(|user| rows[*user]).min();
        rows[step] = first.map_or(rows[step], |row| row - 1);
    }
    let mut row = 0;
    while rows.iter().any(|other| *other >= row) {
        let here: Vec<usize> = (0..rows.len()).filter(|step| rows[*step] == row).collect();
        let free = here.iter().rev().filter(|step| users[**step].is_empty());
        for step in free.take(here.len().saturating_sub(MOST)) {
            rows[*step] += 1;
        }
        row += 1;
    }
    rows
}

/// The boxes, by their steps' numbers, and behind them the lanes. A step has one lane a row, whoever needs it below.
fn items(inputs: &[Vec<usize>]) -> Vec<Item> {
    let users = users_of(inputs);
    let rows = rows_of(inputs, &users);
    let item = |row: usize, is_box: bool| Item {
        row,
        is_box,
        above: Vec::new(),
        below: Vec::new(),
        x: 0,
    };
    let mut items: Vec<Item> = rows.iter().map(|row| item(*row, true)).collect();
    let link = |items: &mut Vec<Item>, upper: usize, lower: usize| {
        items[upper].below.push(lower);
        items[lower].above.push(upper);
    };
    for step in 0..inputs.len() {
        let users = &users[step];
        let last = users.iter().map(|user| rows[*user]).max().unwrap_or(0);
        let mut upper = step;
        for row in rows[step] + 1..=last {
            for user in users.iter().filter(|user| rows[**user] == row) {
                link(&mut items, upper, *user);
            }
            if row < last {
                items.push(item(row, false));
                let lane = items.len() - 1;
                link(&mut items, upper, lane);
                upper = lane;
            }
        }
    }
    items
}

/// Orders each row by the mean place of its neighbours, down and up again, and keeps the order with the fewest crossings.
fn order(items: &[Item], rows: &mut [Vec<usize>]) {
    let mut best = (crossings(items, rows), rows.to_vec());
    for sweep in 0..SWEEPS {
        let down = sweep % 2 == 0;
        for step in 1..rows.len() {
            let (row, beside) = if down {
                (step, step - 1)
            } else {
                (rows.len() - 1 - step, rows.len() - step)
            };
            let places = places(&rows[beside], items.len());
            let own = self::places(&rows[row], items.len());
            rows[row].sort_by_key(|index| {
                let item = &items[*index];
                let neighbours = if down { &item.above } else { &item.below };
                mean(neighbours.iter().map(|other| places[*other] * 1000))
                    .unwrap_or(own[*index] * 1000)
            });
        }
        let now = crossings(items, rows);
        if now < best.0 {
            best = (now, rows.to_vec());
        }
    }
    rows.clone_from_slice(&best.1);
}

fn places(row: &[usize], count: usize) -> Vec<i64> {
    let mut places = vec![0; count];
    for (place, index) in (0..).zip(row) {
        places[*index] = place;
    }
    places
}

fn mean(values: impl Iterator<Item = i64>) -> Option<i64> {
    let (mut sum, mut count) = (0, 0);
    for value in values {
        sum += value;
        count += 1;
    }
    (count > 0).then(|| sum / count)
}

fn crossings(items: &[Item], rows: &[Vec<usize>]) -> usize {
    let mut crossings = 0;
    for pair in rows.windows(2) {
        let lower = places(&pair[1], items.len());
        let links: Vec<(usize, i64)> = pair[0]
            .iter()
            .enumerate()
            .flat_map(|(place, index)| {
                let below = items[*index].below.iter();
                below.map(move |other| (place, *other))
            })
            .map(|(place, other)| (place, lower[other]))
            .collect();
        for (number, one) in links.iter().enumerate() {
            let cross = |other: &&(usize, i64)| {
                (one.0 < other.0 && one.1 > other.1) || (one.0 > other.0 && one.1 < other.1)
            };
            crossings += links[number..].iter().filter(cross).count();
        }
    }
    crossings
}

/// Moves what is in each row towards its neighbours, as far as the order and the room between allow.
fn place(items: &mut [Item], rows: &[Vec<usize>]) {
    for sweep in 0..=SWEEPS {
        for step in 0..rows.len() {
            let down = sweep % 2 == 0;
            let row = &rows[if down { step } else { rows.len() - 1 - step }];
            let wanted: Vec<i64> = row
                .iter()
                .map(|index| {
                    let item = &items[*index];
                    let neighbours = if down { &item.above } else { &item.below };
                    mean(neighbours.iter().map(|other| items[*other].x)).unwrap_or(item.x)
                })
                .collect();
            let apart: Vec<i64> = row
                .windows(2)
                .map(|pair| {
                    let [left, right] = [&items[pair[0]], &items[pair[1]]];
                    let gap = if left.is_box && right.is_box {
                        GAP_BOX
                    } else {
                        GAP_LANE
                    };
                    left.half() + right.half() + gap
                })
                .collect();
            for (index, x) in row.iter().zip(nearest(&wanted, &apart)) {
                items[*index].x = x;
            }
        }
    }
    let left = items.iter().map(|item| item.x - item.half()).min();
    for item in &mut *items {
        item.x += MARGIN - left.unwrap_or(0);
    }
}

/// The places nearest to the wanted ones (by the sum of squares) that stand at least `apart` from one another, in
/// order: neighbours that are too near become one block at their mean, until no two are.
fn nearest(wanted: &[i64], apart: &[i64]) -> Vec<i64> {
    let mut blocks: Vec<(i64, i64)> = Vec::new();
    let mut offset = 0;
    let mut offsets = Vec::new();
    for (index, wanted) in wanted.iter().enumerate() {
        offsets.push(offset);
        blocks.push((wanted - offset, 1));
        offset += apart.get(index).copied().unwrap_or(0);
        while let [.., (left, left_count), (right, right_count)] = blocks[..]
            && left.div_euclid(left_count) >= right.div_euclid(right_count)
        {
            blocks.truncate(blocks.len() - 2);
            blocks.push((left + right, left_count + right_count));
        }
    }
    let starts = blocks
        .iter()
        .flat_map(|(sum, count)| (0..*count).map(move |_| sum.div_euclid(*count)));
    starts
        .zip(offsets)
        .map(|(start, offset)| start + offset)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Graphs of every shape: each step takes some of those before it.
    fn some_graphs() -> impl Iterator<Item = Vec<Vec<usize>>> {
        (1..40_usize).map(|seed| {
            let mut state = seed;
            let mut next = |below: usize| {
                state = state
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1);
                (state >> 33) % below
            };
            (0..seed)
                .map(|step| {
                    let mut inputs: Vec<usize> = (0..next(4))
                        .filter(|_| step > 0)
                        .map(|_| next(step.max(1)))
                        .collect();
                    inputs.sort_unstable();
                    inputs.dedup();
                    inputs
                })
                .collect()
        })
    }

    #[test]
    fn no_line_runs_behind_a_box() {
        for inputs in some_graphs() {
            let drawing = draw(&inputs);
            for (number, (x, y)) in drawing.boxes.iter().enumerate() {
                assert!(*x >= 0 && x + WIDTH <= drawing.width);
                assert!(*y >= 0 && y + HEIGHT <= drawing.height);
                for (other_x, other_y) in &drawing.boxes[number + 1..] {
                    assert!(y != other_y || (x - other_x).abs() >= WIDTH + GAP_BOX);
                }
                for (lane, from, _) in &drawing.lanes {
                    assert!(from != y || lane + GAP_LANE <= *x || x + WIDTH + GAP_LANE <= *lane);
                }
            }
            // Between two rows there is no box.
            let links = &drawing.links;
            assert!(links.iter().all(|((_, from), (_, to))| to - from == GAP_Y));
        }
    }

    #[test]
    fn every_input_is_joined_to_its_step_and_nothing_else_is() {
        for inputs in some_graphs() {
            let items = items(&inputs);
            for (step, expected) in inputs.iter().enumerate() {
                let mut found: Vec<usize> = items[step].above.clone();
                for input in &mut found {
                    while !items[*input].is_box {
                        assert_eq!(items[*input].above.len(), 1, "a lane is one step's");
                        *input = items[*input].above[0];
                    }
                }
                found.sort_unstable();
                assert_eq!(found, *expected);
            }
        }
    }

    #[test]
    fn places_keep_their_distance_and_move_no_further_than_they_must() {
        assert_eq!(nearest(&[0, 0, 100], &[10, 10]), [-5, 5, 100]);
        assert_eq!(nearest(&[50, 0], &[10]), [20, 30]);
        assert_eq!(nearest(&[], &[]), [0; 0]);
    }
}
